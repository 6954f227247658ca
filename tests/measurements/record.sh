# What a recording costs at 1,000 events a second, and how long an hour of 300 leases takes to play and to report.
cargo test --locked --release --quiet --lib -- --nocapture --ignored --test-threads 1 recording::measure::recording recording::measure::playing \
  report::page::tests::reporting |
  sed 's/^\.//' | tee "$work/figures"
goal "percent of a core for recording 1,000 events a second" "$(figure core_percent)" 0 2
goal "bytes per event in the file" "$(figure bytes_per_event)" 0 100
goal "seconds to compute an hour" "$(figure seconds_to_play)" 0 5
goal "seconds to report an hour" "$(figure seconds_to_report)" 0 3
goal "bytes of the page of an hour" "$(figure bytes_of_report)" 0 2000000
