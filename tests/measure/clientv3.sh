# Five minutes at clientv3's pace on a real etcd: the mean interval of each TTL.
start_etcd
"$leasetop" --endpoints "$endpoint" exercise --ttl 2,3,5,10,30,60,120 --for 5m -w json 2>/dev/null >"$work/report.json"
mean() { jq -r ".series[] | select(.ttl == $1) | .interval.mean" "$work/report.json"; }
jq -r '.series[] | "\(.ttl) s: \(.renewals) renewals, mean \(.interval.mean) s, \(.interval.min) to \(.interval.max)"' \
  "$work/report.json"
within "mean of 2 s" "$(mean 2)" 0.98 1.02
within "mean of 5 s" "$(mean 5)" 1.98 2.02
within "mean of 10 s" "$(mean 10)" 3.48 3.52
for ttl in 3 30 60 120; do
  # A third, half a second of the grid, and a few milliseconds of round trip.
  low=$(awk -v ttl=$ttl 'BEGIN { print ttl / 3 }')
  high=$(awk -v ttl=$ttl 'BEGIN { print ttl / 3 + 0.52 }')
  within "mean of $ttl s" "$(mean $ttl)" "$low" "$high"
done
