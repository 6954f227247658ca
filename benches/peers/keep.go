package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// interval returns the interval of undisturbed renewals: a third of the TTL, at the next check each 500 ms.
func interval(ttl int) time.Duration {
	const tick = 500 * time.Millisecond
	return (time.Duration(ttl)*time.Second/3/tick + 1) * tick
}

// keep writes a line per response, `LEASE MILLISECONDS`, and a line `LEASE lost MILLISECONDS` for a lease whose keepalive
// ended.
//
// The grants are spread over one interval of the renewals, so that some lease is due whenever a fault begins.
func keep(endpoints []string, leases int, ttl int, during time.Duration, file string) {
	config := clientv3.Config{Endpoints: endpoints, DialTimeout: 2 * time.Second, Logger: zap.NewNop()}
	// As in etcd-lease. Without it a dead connection is never noticed.
	config.DialKeepAliveTime, config.DialKeepAliveTimeout = 10*time.Second, 3*time.Second
	config.Username, config.Password, _ = strings.Cut(os.Getenv("LOGIN"), ":")
	client, err := clientv3.New(config)
	if err != nil {
		fail(err)
	}
	out, err := os.Create(file)
	if err != nil {
		fail(err)
	}
	lines := bufio.NewWriter(out)
	var lock sync.Mutex
	record := func(lease int, what any) {
		lock.Lock()
		defer lock.Unlock()
		fmt.Fprintln(lines, lease, what)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var ends sync.WaitGroup
	start := time.Now()
	for lease := range leases {
		time.Sleep(time.Until(start.Add(interval(ttl) * time.Duration(lease) / time.Duration(leases))))
		ends.Add(1)
		go func() {
			defer ends.Done()
			granted, err := client.Grant(ctx, int64(ttl))
			if err != nil {
				fail(err)
			}
			responses, err := client.KeepAlive(ctx, granted.ID)
			if err != nil {
				fail(err)
			}
			for range responses {
				record(lease, time.Now().UnixMilli())
			}
			if ctx.Err() == nil {
				record(lease, fmt.Sprint("lost ", time.Now().UnixMilli()))
			}
		}()
	}
	time.Sleep(time.Until(start.Add(during)))
	cancel()
	ends.Wait()
	if err := lines.Flush(); err != nil {
		fail(err)
	}
}
