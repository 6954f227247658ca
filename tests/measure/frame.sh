# What a frame of 100,000 leases costs.
cargo bench --locked --bench frame | tee "$work/figures"
within "99 of 100 frames, in microseconds" "$(awk '/^frame p99/ { print $3 }' "$work/figures")" 0 2000
within "9 of 10 new filters, in microseconds" "$(awk '/^filter p90/ { print $3 }' "$work/figures")" 0 10000
within "9 of 10 new sorts, in microseconds" "$(awk '/^sort p90/ { print $3 }' "$work/figures")" 0 10000
