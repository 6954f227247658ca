# 10,000 leases revoked in the monitor, beside the bare calls with as many in flight, three times in turn.
start_etcd
export LEASETOP_MEASURE_ENDPOINT=$endpoint LEASETOP_BINARY=$(realpath "$leasetop")
# Bare calls that are not optimised would flatter the monitor.
cargo test --locked --release --quiet --test terminal -- --nocapture --ignored --exact measure::revoke_many >"$work/figures"
awk 'NF == 2 && $2 + 0 == $2 { print "        " $0 }' "$work/figures"
within "the monitor's time to that of the bare calls" "$(figure ratio_median)" 0 1.3
