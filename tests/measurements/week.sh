# Memory and open files over a week of virtual time with 1,000 own leases of 60 s. LEASETOP_HOURS: [168], more than 12.
cargo test --locked --release --quiet --lib -- --nocapture --ignored --exact \
  runtime::tests::week::a_week_of_a_thousand_leases | tee "$work/figures" && failed=0 || failed=1
goal "failed tests" "$failed" 0 0
