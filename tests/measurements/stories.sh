# 100,000 random runs of each kind between a revoke dialog and its confirmation: only the leases it names are revoked.
LEASETOP_CASES=100000 cargo test --locked --release --lib -- app::tests::revoking --nocapture | tee "$work/figures"
goal "failed tests" "$(awk '/^test result/ { print $6 }' "$work/figures")" 0 0
