# 10,000 leases revoked in the monitor, beside the bare calls with as many in flight, three times in turn.
start_etcd
export LEASETOP_MEASURE_ENDPOINT=$endpoint
terminal_figures revoke_many
within "the monitor's time to that of the bare calls" "$(figure ratio_median)" 0 1.3
