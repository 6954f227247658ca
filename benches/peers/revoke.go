package main

import (
	"context"
	"sync"

	"go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// revoke grants leases, and revokes all of them at once.
func revoke(endpoints []string, leases int) {
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		fail(err)
	}
	var ids []clientv3.LeaseID
	for range leases {
		granted, err := client.Grant(context.Background(), 600)
		if err != nil {
			fail(err)
		}
		ids = append(ids, granted.ID)
	}
	var revokes sync.WaitGroup
	for _, id := range ids {
		revokes.Go(func() {
			if _, err := client.Revoke(context.Background(), id); err != nil {
				fail(err)
			}
		})
	}
	revokes.Wait()
}
