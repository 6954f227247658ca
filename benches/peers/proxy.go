package main

import (
	"net"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

// proxy forwards connections. After SIGUSR1 the open ones carry nothing more, as if a firewall had forgotten them, and
// stay open. New ones work.
func proxy(listen, target string) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		fail(err)
	}
	var silenced atomic.Int64
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			silenced.Add(1)
		}
	}()
	for {
		near, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		born := silenced.Load()
		go forward(near, target, func() bool { return silenced.Load() > born })
	}
}

func forward(near net.Conn, target string, isSilent func() bool) {
	defer near.Close()
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer far.Close()
	var ways sync.WaitGroup
	ways.Go(func() { pass(near, far, isSilent) })
	ways.Go(func() { pass(far, near, isSilent) })
	ways.Wait()
}

// pass copies one direction, and discards the bytes of a connection that is silent.
func pass(from, to net.Conn, isSilent func() bool) {
	buffer := make([]byte, 64*1024)
	for {
		count, err := from.Read(buffer)
		if count > 0 && !isSilent() {
			if _, err := to.Write(buffer[:count]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	if !isSilent() {
		from.Close()
		to.Close()
	}
}
