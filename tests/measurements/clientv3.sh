# Mean renewal interval of each TTL at the clientv3 pace, over five minutes on a real etcd.
start_etcd
"$leasetop" --endpoints "$endpoint" exercise --ttl 2,3,5,10,30,60,120 --for 5m -w json 2>/dev/null >"$work/report.json"
mean() { jq -r ".series[] | select(.ttl == $1) | .interval.mean" "$work/report.json"; }
jq -r '.series[] | "\(.ttl) s: \(.renewals) renewals, mean \(.interval.mean) s, \(.interval.min) to \(.interval.max)"' \
  "$work/report.json"
goal "mean of 2 s" "$(mean 2)" 0.98 1.02
goal "mean of 5 s" "$(mean 5)" 1.98 2.02
goal "mean of 10 s" "$(mean 10)" 3.48 3.52
for ttl in 3 30 60 120; do
  # A third of the TTL, up to one tick of 500 ms, and some milliseconds of latency.
  low=$(awk -v ttl=$ttl 'BEGIN { print ttl / 3 }')
  high=$(awk -v ttl=$ttl 'BEGIN { print ttl / 3 + 0.52 }')
  goal "mean of $ttl s" "$(mean $ttl)" "$low" "$high"
done
