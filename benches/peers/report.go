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

type outage struct{ from, to int64 }

// report prints per file: the longest interval, the number of leases lost, and the longest time from the first answer of
// a leader after an outage until a lease that was due by then was renewed. It ends with the length of the longest outage.
func report(ttl int, observed string, files []string) {
	outages := readOutages(observed)
	longest := int64(0)
	for _, each := range outages {
		longest = max(longest, each.to-each.from)
	}
	for _, file := range files {
		renewals, lost := readRenewals(file)
		fmt.Printf("%s %s %d %s %s\n", file, ms(longestInterval(renewals)), lost, ms(resume(renewals, outages, interval(ttl).Milliseconds())), ms(longest))
	}
}

func ms(value int64) string { return fmt.Sprintf("%.2f", float64(value)/1000) }

// readOutages returns the times without an answer of a leader.
func readOutages(file string) []outage {
	var answers []int64
	forEachLine(file, func(fields []string) {
		if at, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			answers = append(answers, at)
		}
	})
	slices.Sort(answers)
	var outages []outage
	for n := 1; n < len(answers); n++ {
		if answers[n]-answers[n-1] > usualPause {
			outages = append(outages, outage{answers[n-1], answers[n]})
		}
	}
	return outages
}

func readRenewals(file string) (map[string][]int64, int) {
	renewals, lost := map[string][]int64{}, 0
	forEachLine(file, func(fields []string) {
		if fields[1] == "lost" {
			lost++
		} else if at, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			renewals[fields[0]] = append(renewals[fields[0]], at)
		}
	})
	return renewals, lost
}

func longestInterval(renewals map[string][]int64) int64 {
	longest := int64(0)
	for _, times := range renewals {
		for n := 1; n < len(times); n++ {
			longest = max(longest, times[n]-times[n-1])
		}
	}
	return longest
}

func resume(renewals map[string][]int64, outages []outage, interval int64) int64 {
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
		if fields := strings.Fields(lines.Text()); len(fields) == 2 {
			each(fields)
		}
	}
}
