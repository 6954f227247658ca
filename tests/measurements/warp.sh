# Mean interval of a 3600 s lease over two hours of a sandbox clock that runs 60 times faster.
"$leasetop" --sandbox --warp 60 exercise --ttl 3600 --count 20 --for 2h -w json 2>/dev/null >"$work/report.json"
jq -c '.series[0] | {renewals, interval, lost}' "$work/report.json"
goal "mean of 3600 s" "$(jq '.series[0].interval.mean' "$work/report.json")" 1200 1200.6
goal "leases lost" "$(jq '.series[0].lost' "$work/report.json")" 0 0
