# A lease of 3600 s on a sandbox 60 times as fast, for 2 h of its own time: the mean interval.
"$leasetop" --sandbox --warp 60 exercise --ttl 3600 --count 20 --for 2h -w json 2>/dev/null >"$work/report.json"
jq -c '.series[0] | {renewals, interval, lost}' "$work/report.json"
within "mean of 3600 s" "$(jq '.series[0].interval.mean' "$work/report.json")" 1200 1200.6
within "lost" "$(jq '.series[0].lost' "$work/report.json")" 0 0
