# Time until 400,000 leases are shown, memory and key latency then; their list exceeds etcd-client's size limit.
terminal_figures many_leases::four_hundred_thousand
goal "seconds until all leases are shown" "$(figure mass_shown_after_seconds)" 0 20
goal "peak memory, in MB" "$(figure mass_most_resident_mb)" 0 300
goal "p99 from key to screen, in ms" "$(figure mass_key_p99_ms)" 0 33
