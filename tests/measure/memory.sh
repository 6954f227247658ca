# Memory with 1,000 leases kept alive, after 40 s.
terminal_figures memory
within "most that was resident, in MB" "$(figure most_resident_mb)" 0 30
