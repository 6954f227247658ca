# Time to draw, filter and sort 100,000 leases.
cargo bench --locked --bench frame | tee "$work/figures"
goal "p99 of a frame, in microseconds" "$(awk '/^frame p99/ { print $3 }' "$work/figures")" 0 2000
goal "p99 of a frame of the cadence view, in microseconds" "$(awk '/^cadence frame p99/ { print $4 }' "$work/figures")" 0 2000
goal "p90 of a new filter, in microseconds" "$(awk '/^filter p90/ { print $3 }' "$work/figures")" 0 10000
goal "p90 of a new sort, in microseconds" "$(awk '/^sort p90/ { print $3 }' "$work/figures")" 0 10000
