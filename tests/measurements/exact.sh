# Mean interval at the exact pace on a real etcd (TTL/3), and how evenly 1,000 leases granted together renew.
start_etcd
"$leasetop" --endpoints "$endpoint" --pace exact exercise --ttl 2,5,10,30 --for 1m -w json 2>/dev/null \
  >"$work/report.json"
for ttl in 2 5 10 30; do
  mean=$(jq -r ".series[] | select(.ttl == $ttl) | .interval.mean" "$work/report.json")
  low=$(awk -v ttl=$ttl 'BEGIN { print ttl / 3 - 0.005 }')
  high=$(awk -v ttl=$ttl 'BEGIN { print ttl / 3 + 0.005 }')
  goal "mean of $ttl s" "$mean" "$low" "$high"
done

timeout --signal=INT 40 "$leasetop" --endpoints "$endpoint" --pace exact grant 10 --count 1000 --keep-alive -w json \
  2>/dev/null >"$work/answers.json" || true
# Renewals in each window of 100 ms, from the first renewal on.
jq -r 'select(.round_trip != null) | .at | (.[0:19] + "Z" | fromdate) * 10 + (.[20:21] | tonumber)' \
  "$work/answers.json" | sort -n | uniq -c | awk '
    { if ($1 > most) most = $1; sum += $1; windows++ }
    END { printf "%d renewals in %d windows of 100 ms\n%d\n", sum, windows, most }' >"$work/windows"
sed -n 1p "$work/windows"
goal "renewals in the fullest 100 ms of 1,000 leases" "$(sed -n 2p "$work/windows")" 1 50
