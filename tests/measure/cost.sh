# What watching 100,000 leases at the default budget costs a real etcd, and us: three times without and with us, in turn.
start_etcd
export LEASETOP_MEASURE_ENDPOINT=$endpoint LEASETOP_MEASURE_ETCD=$etcd_pid
terminal_figures many_leases::what_it_costs_etcd
within "etcd's CPU with us less that without, in percent of a core" "$(figure etcd_cost_cpu_percent)" -100 15
within "our CPU, in percent of a core" "$(figure monitor_cpu_percent)" 0 25
within "most that was resident, in MB" "$(figure monitor_most_resident_mb)" 0 150
