# Forty seconds of a lease of 2 s whose responses nobody reads: the queue, the drops, the lease's life.
start_etcd
started=$(date +%s.%N)
"$leasetop" --endpoints "$endpoint" --log-file "$work/log" exercise --ttl 2 --for 40s --stall --put /stalled=1 -w json \
  2>/dev/null >"$work/report.json" &
exercise=$!
first= alive=0 looks=0
while sleep 0.1 && kill -0 "$exercise" 2>/dev/null; do
  now=$(awk -v now="$(date +%s.%N)" -v start="$started" 'BEGIN { print now - start }')
  if [ -z "$first" ] && grep -q 'dropping response send' "$work/log" 2>/dev/null; then first=$now; fi
  # Once a second, from the second second on to shortly before the end, by etcd's own client.
  if awk -v now="$now" -v looks="$looks" 'BEGIN { exit !(now > 2 + looks && now < 39) }'; then
    looks=$((looks + 1))
    if [ -n "$("$etcd/etcdctl" --endpoints "$endpoint" get /stalled --print-value-only)" ]; then alive=$((alive + 1)); fi
  fi
done
wait "$exercise"
dropped=$(jq '.series[0].queue.dropped' "$work/report.json")
renewals=$(jq '.series[0].renewals' "$work/report.json")
echo "renewals $renewals, queue $(jq -c '.series[0].queue' "$work/report.json")"
within "depth of the queue of 16" "$(jq '.series[0].queue.depth' "$work/report.json")" 16 16
within "first drop, in seconds" "${first:-never}" 15.9 18.2
within "drops: every renewal after the 16th" "$dropped" $((renewals - 16)) $((renewals - 16))
within "log lines" "$(grep -c 'dropping response send' "$work/log")" "$dropped" "$dropped"
within "looks that found it alive, of $looks" "$alive" "$looks" "$looks"
