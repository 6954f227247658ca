# Memory and open files over half an hour of real time with 100,000 leases and 1,000 changes a second. LEASETOP_MINUTES: [30].
terminal_figures many_leases::half_an_hour
goal "growth of memory since the first fifth, in percent" "$(figure soak_growth_percent)" -100 5
goal "more open files than in the first fifth" "$(figure soak_more_files)" -10 0
