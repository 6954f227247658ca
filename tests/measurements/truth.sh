# Accuracy of `leasetop events` over ten minutes of 40 leases renewed by an engine, by etcdctl and at random.
etcd_figures renewals
goal "renewals not reported, TTL of 10 s and more" "$(figure missed)" 0 0
goal "reported renewals that never happened, TTL of 10 s and more" "$(figure invented)" 0 0
goal "times and deadlines outside the reported error" "$(figure outside)" 0 0
goal "p99 error of the deadline after three polls, in ms" "$(figure third_poll_ms)" 0 250
goal "false alarms: leases called late or at risk" "$(figure alarms)" 0 0
