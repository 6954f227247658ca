# A lease of 2 s whose responses are not read for 40 s: queue depth, dropped responses, log lines, and the lease survives.
start_etcd
started=$(date +%s.%N)
"$leasetop" --endpoints "$endpoint" --log-file "$work/log" exercise --ttl 2 --for 40s --stall --put /stalled=1 -w json \
  2>/dev/null >"$work/report.json" &
exercise=$!
first='' alive=0 checks=0
while sleep 0.1 && kill -0 "$exercise" 2>/dev/null; do
  now=$(awk -v now="$(date +%s.%N)" -v start="$started" 'BEGIN { print now - start }')
  if [ -z "$first" ] && grep -q 'dropping response send' "$work/log" 2>/dev/null; then first=$now; fi
  # From second 2 to second 39, ask etcdctl once a second.
  if awk -v now="$now" -v checks="$checks" 'BEGIN { exit !(now > 2 + checks && now < 39) }'; then
    checks=$((checks + 1))
    if [ -n "$("$etcd/etcdctl" --endpoints "$endpoint" get /stalled --print-value-only)" ]; then alive=$((alive + 1)); fi
  fi
done
wait "$exercise"
dropped=$(jq '.series[0].queue.dropped' "$work/report.json")
renewals=$(jq '.series[0].renewals' "$work/report.json")
echo "renewals $renewals, queue $(jq -c '.series[0].queue' "$work/report.json")"
goal "depth of the queue of 16" "$(jq '.series[0].queue.depth' "$work/report.json")" 16 16
goal "first dropped response, in seconds" "${first:-never}" 15.9 18.2
goal "dropped: every response after the 16th" "$dropped" $((renewals - 16)) $((renewals - 16))
goal "log lines" "$(grep -c 'dropping response send' "$work/log")" "$dropped" "$dropped"
goal "checks that found the lease alive, of $checks" "$alive" "$checks" "$checks"
