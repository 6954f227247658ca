# CPU and bytes to the terminal while 100 leases change nothing on the screen but their time left.
terminal_figures idle
goal "CPU with 100 own leases, in percent of a core" "$(figure idle_kept_cpu_percent)" 0 0.5
goal "CPU with 100 leases of other clients, in percent of a core" "$(figure idle_others_cpu_percent)" 0 0.5
