# 1,000 random days of outages on the scheduler and 100 on the whole engine: no healthy lease is lost. LEASETOP_CASES: [1000].
LEASETOP_CASES=${LEASETOP_CASES:-1000} cargo test --locked --release --package etcd-lease --test engine -- seeds:: | tee "$work/figures"
goal "tests run" "$(awk '/^test result/ { print $4 }' "$work/figures")" 3 3
goal "failed tests" "$(awk '/^test result/ { print $6 }' "$work/figures")" 0 0
