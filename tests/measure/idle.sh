# A minute and a half of 100 leases with nothing to do: the CPU, and the bytes to the terminal.
terminal_figures idle
within "CPU with 100 kept leases, in percent of a core" "$(figure idle_kept_cpu_percent)" 0 0.5
within "CPU with 100 leases of others, in percent of a core" "$(figure idle_others_cpu_percent)" 0 0.5
