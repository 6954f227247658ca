# Peak memory with 1,000 own leases after 40 s, and with 100,000 leases of other clients with a key each after 20 s.
terminal_figures memory
goal "peak memory with 1,000 own leases, in MB" "$(figure most_resident_mb)" 0 30
terminal_figures many_leases::memory
goal "peak memory with 100,000 leases of other clients, in MB" "$(figure others_most_resident_mb)" 0 100
