# Time to draw, filter and sort 100,000 leases.
cargo bench --locked --bench frame | tee "$work/figures"
p99() { sed -n "s/^$1 p99 \([0-9]*\) us$/\1/p" "$work/figures"; }
goal "p99 of a frame, in microseconds" "$(p99 frame)" 0 2000
goal "p99 of a frame without changes, in microseconds" "$(p99 "countdown frame")" 0 2000
goal "p99 of a frame with the charts of an hour, in microseconds" "$(p99 "frame with charts of an hour")" 0 2000
goal "p99 of a frame with collapsed groups, in microseconds" "$(p99 "collapsed group frame")" 0 2000
goal "p99 of a frame with an expanded group, in microseconds" "$(p99 "expanded group frame")" 0 2000
goal "p99 of a frame of the cadence view, in microseconds" "$(p99 "cadence frame")" 0 2000
goal "p99 of a new filter, in microseconds" "$(p99 filter)" 0 10000
goal "p99 of a new sort, in microseconds" "$(p99 sort)" 0 10000
