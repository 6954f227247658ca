# Ten minutes of 40 leases that an engine, etcdctl and a client at whim renew: what `events` tells against the truth.
etcd_figures renewals
within "renewals of leases of 10 s and more that were not told" "$(figure missed)" 0 0
within "renewals of such that were told and never were" "$(figure invented)" 0 0
within "times and deadlines outside of the error that was told" "$(figure outside)" 0 0
within "p99 of how far the deadline was off after three polls, in ms" "$(figure third_poll_ms)" 0 250
within "leases called late or at risk that were renewed as always" "$(figure alarms)" 0 0
