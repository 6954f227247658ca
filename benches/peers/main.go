// peers is the Go client that etcd-lease is compared with. `tests/measure faults` also has an observer of the members, the
// report on what both clients recorded, a proxy whose connections can go dead, and a link that loses packets.
// `tests/measure peers` uses `load`.
//
//	peers load ENDPOINT LEASES TTL                  grants, keeps alive and revokes leases, a step for each line on stdin
//	peers keep ENDPOINTS LEASES TTL SECONDS FILE    keeps leases alive with Go's clientv3; LOGIN is a user:password
//	peers observe ENDPOINTS SECONDS FILE            records when a member answered that it is the leader
//	peers report TTL OBSERVED FILE...               prints one line of figures per file of renewals
//	peers revoke ENDPOINTS LEASES                   grants leases and revokes all of them at once
//	peers proxy LISTEN TARGET                       forwards connections; SIGUSR1 silences the open ones
//	peers link NEAR FAR PID                         makes a device here and one in the network namespace of a process,
//	                                                and a link between them; SIGUSR1 makes it lose packets
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: peers load|keep|observe|report|revoke|proxy|link ARGUMENTS"))
	}
	args := os.Args[2:]
	switch os.Args[1] {
	case "load":
		load(args[0], number(args[1]), number(args[2]))
	case "keep":
		keep(strings.Split(args[0], ","), number(args[1]), number(args[2]), seconds(args[3]), args[4])
	case "observe":
		observe(strings.Split(args[0], ","), seconds(args[1]), args[2])
	case "report":
		report(number(args[0]), args[1], args[2:])
	case "revoke":
		revoke(strings.Split(args[0], ","), number(args[1]))
	case "proxy":
		proxy(args[0], args[1])
	case "link":
		link(args[0], args[1], args[2])
	default:
		fail(fmt.Errorf("no command %q", os.Args[1]))
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail(err)
	}
	return value
}

func seconds(text string) time.Duration {
	return time.Duration(number(text)) * time.Second
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "peers:", err)
	os.Exit(1)
}
