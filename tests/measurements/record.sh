# What a recording costs at 1,000 events a second, and how long an hour of 300 leases takes to play.
cargo test --locked --release --quiet --lib -- --nocapture --ignored --test-threads 1 recording::measure | tee "$work/figures"
goal "percent of a core for recording 1,000 events a second" "$(awk '$1 == "core_percent" { print $2 }' "$work/figures")" 0 2
goal "bytes per event in the file" "$(awk '$1 == "bytes_per_event" { print $2 }' "$work/figures")" 0 100
goal "seconds to compute an hour" "$(awk '$1 == "seconds_to_play" { print $2 }' "$work/figures")" 0 5
