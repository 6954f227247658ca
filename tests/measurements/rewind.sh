# What the last ten minutes in memory cost at 1,000 renewals a second, and how long a step back takes.
cargo test --locked --release --quiet --lib -- --nocapture --ignored --test-threads 1 recording::measure::rewind |
  sed 's/^\.//' | tee "$work/figures"
for leases in 300 3500; do
  goal "percent of a core at 1,000 renewals a second of $leases leases" "$(figure rewind_${leases}_core_percent)" -1 0.5
done
goal "ms for the first step back at 300 leases" "$(figure rewind_300_first_step_ms)" 0 100
goal "ms for the first step back at 10,000 leases" "$(figure rewind_10000_first_step_ms)" 0 1000
goal "seconds kept of 300 leases" "$(figure rewind_300_kept_seconds)" 600 700
goal "seconds kept of 10,000 leases" "$(figure rewind_10000_kept_seconds)" 600 700
