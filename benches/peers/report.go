package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The longest pause of answers that is no outage, in ms.
const usualPause = 200

// A time from one moment to another, in ms of the Unix time.
type span struct{ from, to int64 }

// report prints per file: the longest interval, the number of leases lost, the longest time from the first answer of a
// leader after an outage until a lease that was due by then was renewed, the length of the longest outage, three parts of
// the longest interval (until the leader's last answer, without a leader, and after that), and the longest undisturbed
// interval, which is a third of the TTL and up to one check more, and the number
// of leases that etcd removed.
func report(ttl int, observed string, files []string) {
	outages := readOutages(observed)
	longestOutage := int64(0)
	for _, each := range outages {
		longestOutage = max(longestOutage, each.to-each.from)
	}
	for _, file := range files {
		renewals, lost, removed := readRenewals(file, ttl)
		longest := longestInterval(renewals)
		after := resume(renewals, outages, interval(ttl).Milliseconds())
		parts := longest.parts(outages)
		fmt.Println(file, ms(longest.to-longest.from), lost, ms(after), ms(longestOutage),
			ms(parts[0]), ms(parts[1]), ms(parts[2]), ms(int64(ttl)*1000/3+500), removed)
	}
}

// parts splits an interval at the first outage in it.
func (whole span) parts(outages []span) [3]int64 {
	for _, each := range outages {
		if each.from < whole.to && each.to > whole.from {
			from, to := max(each.from, whole.from), min(each.to, whole.to)
			return [3]int64{from - whole.from, to - from, whole.to - to}
		}
	}
	return [3]int64{whole.to - whole.from, 0, 0}
}

func ms(value int64) string { return fmt.Sprintf("%.2f", float64(value)/1000) }

// readOutages returns the times without an answer of a leader.
func readOutages(file string) []span {
	var answers []int64
	forEachLine(file, func(fields []string) {
		if at, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			answers = append(answers, at)
		}
	})
	slices.Sort(answers)
	var outages []span
	for n := 1; n < len(answers); n++ {
		if answers[n]-answers[n-1] > usualPause {
			outages = append(outages, span{answers[n-1], answers[n]})
		}
	}
	return outages
}

// readRenewals returns the times of the responses of each lease without its first one, which comes at once, off the grid of
// the others. It counts the leases that were lost, and apart from them those that ended within their TTL after a renewal:
// etcd itself removed them.
func readRenewals(file string, ttl int) (renewals map[string][]int64, lost, removed int) {
	renewals = map[string][]int64{}
	forEachLine(file, func(fields []string) {
		at, err := strconv.ParseInt(fields[len(fields)-1], 10, 64)
		if err != nil {
			return
		}
		times := renewals[fields[0]]
		switch {
		case fields[1] != "lost":
			renewals[fields[0]] = append(times, at)
		case len(times) > 0 && at < times[len(times)-1]+int64(ttl)*1000:
			removed++
		default:
			lost++
		}
	})
	for lease, times := range renewals {
		renewals[lease] = times[1:]
	}
	return renewals, lost, removed
}

func longestInterval(renewals map[string][]int64) span {
	longest := span{}
	for _, times := range renewals {
		for n := 1; n < len(times); n++ {
			if times[n]-times[n-1] > longest.to-longest.from {
				longest = span{times[n-1], times[n]}
			}
		}
	}
	return longest
}

func resume(renewals map[string][]int64, outages []span, interval int64) int64 {
	longest := int64(0)
	for _, times := range renewals {
		for _, each := range outages {
			next, _ := slices.BinarySearch(times, each.to)
			if next > 0 && next < len(times) && times[next-1]+interval <= each.to {
				longest = max(longest, times[next]-each.to)
			}
		}
	}
	return longest
}

func forEachLine(file string, each func([]string)) {
	in, err := os.Open(file)
	if err != nil {
		fail(err)
	}
	defer in.Close()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) >= 2 {
			each(fields)
		}
	}
}
