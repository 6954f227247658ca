# 100,000 random stories of each kind between a revoke dialog and its answer: what it names is all that is revoked.
LEASETOP_STORIES=100000 cargo test --locked --release --lib -- app::tests::revoking --nocapture | tee "$work/figures"
within "tests that failed" "$(awk '/^test result/ { print $6 }' "$work/figures")" 0 0
