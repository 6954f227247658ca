# Time to revoke 10,000 leases in the monitor, relative to the bare calls with as many in flight: median of three.
start_etcd
export LEASETOP_MEASURE_ENDPOINT=$endpoint LEASETOP_BINARY=$leasetop
# The release profile: unoptimised bare calls would flatter the monitor.
cargo test --locked --release --quiet --test terminal -- --nocapture --ignored --exact measure::revoke_many >"$work/figures"
print_figures
goal "time of the monitor relative to the bare calls" "$(figure ratio_median)" 0 1.3
