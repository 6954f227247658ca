# Peak memory with 1,000 own leases, after 40 s.
terminal_figures memory
goal "peak memory, in MB" "$(figure most_resident_mb)" 0 30
