# CPU of a real etcd and of leasetop that watches 100,000 leases at the default poll limit: median of three.
start_etcd
export LEASETOP_MEASURE_ENDPOINT=$endpoint LEASETOP_MEASURE_ETCD=$etcd_pid
terminal_figures many_leases::what_it_costs_etcd
goal "CPU of etcd with leasetop minus without, in percent of a core" "$(figure etcd_cost_cpu_percent)" -100 15
goal "CPU of leasetop, in percent of a core" "$(figure monitor_cpu_percent)" 0 25
goal "peak memory of leasetop, in MB" "$(figure monitor_most_resident_mb)" 0 120
