// peers measures how keepalives survive the faults of a cluster: the Go client for `tests/measure faults`, an observer
// of the members, and the report on what both recorded.
//
//	peers keep ENDPOINTS LEASES SECONDS FILE    keeps leases of 10 s alive with Go's clientv3
//	peers observe ENDPOINTS SECONDS FILE        records when a member answered that it is the leader
//	peers report OBSERVED FILE...               prints one line of figures per file of renewals
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
		fail(fmt.Errorf("usage: peers keep|observe|report ARGUMENTS"))
	}
	args := os.Args[2:]
	switch os.Args[1] {
	case "keep":
		keep(strings.Split(args[0], ","), number(args[1]), seconds(args[2]), args[3])
	case "observe":
		observe(strings.Split(args[0], ","), seconds(args[1]), args[2])
	case "report":
		report(args[0], args[1:])
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
