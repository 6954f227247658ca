package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// Grants and revocations in flight at once, as in the example `load` of etcd-lease.
const inFlight = 64

// load does the same as the example `load` of etcd-lease: it grants leases, keeps them alive until a line arrives on
// stdin, and revokes them. It prints a line after each step:
//
//	granted SECONDS
//	kept RENEWALS LOST LEAST     the least time left at any renewal, as a share of the TTL
//	revoked SECONDS
func load(endpoint string, leases, ttl int) {
	config := clientv3.Config{Endpoints: []string{endpoint}, Logger: zap.NewNop()}
	config.DialKeepAliveTime, config.DialKeepAliveTimeout = 10*time.Second, 3*time.Second
	client, err := clientv3.New(config)
	if err != nil {
		fail(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	lines := bufio.NewScanner(os.Stdin)
	ids := make([]clientv3.LeaseID, leases)
	var renewals, lost, longest atomic.Int64
	read := func(responses <-chan *clientv3.LeaseKeepAliveResponse, last time.Time) {
		for range responses {
			now := time.Now()
			interval := int64(now.Sub(last))
			for known := longest.Load(); interval > known && !longest.CompareAndSwap(known, interval); {
				known = longest.Load()
			}
			last = now
			renewals.Add(1)
		}
		if ctx.Err() == nil {
			lost.Add(1)
		}
	}
	start := time.Now()
	together(leases, func(lease int) {
		sent := time.Now()
		granted, err := client.Grant(ctx, int64(ttl))
		if err != nil {
			fail(err)
		}
		ids[lease] = granted.ID
		responses, err := client.KeepAlive(ctx, granted.ID)
		if err != nil {
			fail(err)
		}
		go read(responses, sent)
	})
	fmt.Printf("granted %.3f\n", time.Since(start).Seconds())
	lines.Scan()
	least := 1 - time.Duration(longest.Load()).Seconds()/float64(ttl)
	fmt.Printf("kept %d %d %.3f\n", renewals.Load(), lost.Load(), least)
	start = time.Now()
	cancel()
	together(leases, func(lease int) {
		// A lease that was lost is gone.
		if _, err := client.Revoke(context.Background(), ids[lease]); err != nil && !errors.Is(err, rpctypes.ErrLeaseNotFound) {
			fail(err)
		}
	})
	fmt.Printf("revoked %.3f\n", time.Since(start).Seconds())
	lines.Scan()
}

// together calls a function for each number, from a limited number of goroutines.
func together(count int, each func(int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range inFlight {
		workers.Go(func() {
			for number := int(next.Add(1)) - 1; number < count; number = int(next.Add(1)) - 1 {
				each(number)
			}
		})
	}
	workers.Wait()
}
