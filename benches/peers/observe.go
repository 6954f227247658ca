package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

const poll = 20 * time.Millisecond

// observe asks every member for its status and writes a line `MILLISECONDS TERM` per answer of a leader.
func observe(endpoints []string, during time.Duration, file string) {
	out, err := os.Create(file)
	if err != nil {
		fail(err)
	}
	lines := bufio.NewWriter(out)
	var lock sync.Mutex
	var members sync.WaitGroup
	end := time.Now().Add(during)
	for _, endpoint := range endpoints {
		members.Add(1)
		go func() {
			defer members.Done()
			client := connect(endpoint)
			for time.Now().Before(end) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				status, err := client.Status(ctx, endpoint)
				cancel()
				if err == nil && status.Leader == status.Header.MemberId {
					lock.Lock()
					fmt.Fprintln(lines, time.Now().UnixMilli(), status.RaftTerm)
					lock.Unlock()
				}
				time.Sleep(poll)
			}
		}()
	}
	members.Wait()
	if err := lines.Flush(); err != nil {
		fail(err)
	}
}

// connect returns a client of one member that dials again at once after the member was down.
func connect(endpoint string) *clientv3.Client {
	again := grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: poll, Multiplier: 1, MaxDelay: poll}}
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{endpoint},
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(again)},
		Logger:      zap.NewNop(),
	})
	if err != nil {
		fail(err)
	}
	return client
}
