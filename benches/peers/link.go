package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What the link does while it is bad: packets lost in each direction, and the delay of each direction. The round trip is
// twice that.
const (
	lossPercent = 30
	delay       = 100 * time.Millisecond
)

// link connects this network namespace to that of a process by two devices, and forwards packets between them. After
// SIGUSR1 it loses and delays packets, after another one it is good again. It does what netem does, for kernels without it.
func link(near, far, pid string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	nearDevice, err := openDevice(near)
	if err != nil {
		fail(err)
	}
	farDevice, err := openDeviceOf(far, pid)
	if err != nil {
		fail(err)
	}
	var isBad atomic.Bool
	go carry(nearDevice, farDevice, &isBad)
	go carry(farDevice, nearDevice, &isBad)
	for range signals {
		isBad.Store(!isBad.Load())
	}
}

// openDeviceOf opens a device in the network namespace of a process.
func openDeviceOf(name, pid string) (int, error) {
	namespace, err := os.Open(fmt.Sprintf("/proc/%s/ns/net", pid))
	if err != nil {
		return 0, err
	}
	defer namespace.Close()
	type opened struct {
		device int
		err    error
	}
	result := make(chan opened)
	go func() {
		// The thread belongs to the other namespace from here on. It is not unlocked, so it ends with its goroutine.
		runtime.LockOSThread()
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			result <- opened{err: err}
			return
		}
		device, err := openDevice(name)
		result <- opened{device, err}
	}()
	it := <-result
	return it.device, it.err
}

// openDevice makes a TUN device: what is read from it are IP packets that its namespace sends.
func openDevice(name string) (int, error) {
	device, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	return device, unix.IoctlIfreq(device, unix.TUNSETIFF, request)
}

// carry forwards the packets of one direction in their order.
func carry(from, to int, isBad *atomic.Bool) {
	type held struct {
		packet []byte
		due    time.Time
	}
	queue := make(chan held, 10_000)
	go func() {
		for next := range queue {
			time.Sleep(time.Until(next.due))
			// A device that is not up yet refuses packets, as a link without a cable loses them.
			_, _ = unix.Write(to, next.packet)
		}
	}()
	buffer := make([]byte, 64*1024)
	for {
		count, err := unix.Read(from, buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			fail(err)
		}
		due := time.Now()
		if isBad.Load() {
			if rand.IntN(100) < lossPercent {
				continue
			}
			due = due.Add(delay)
		}
		queue <- held{append([]byte(nil), buffer[:count]...), due}
	}
}
