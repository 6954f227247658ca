# Bytes for 100,000 leases of one key, before and after, and for 10 leases of 6,000 keys: in 10 s and in a minute.
#
#   LEASETOP_BASE   an older leasetop to compare with [default: none]
#
# Needs curl.
before=${LEASETOP_BASE:-}

# received NAME BINARY ARGUMENT...: prints and sets the bytes of one list, and the number of keys that it knows.
received() {
  local name=$1 bytes0
  shift
  bytes0=$(sent)
  "$1" --endpoints "$endpoint" list "${@:2}" -w json >"$work/list.json"
  bytes=$(($(sent) - bytes0))
  keys=$(jq '[.leases[].key_count] | add' "$work/list.json")
  printf '%-44s %12s bytes %9s keys\n' "$name" "$bytes" "$keys"
}

# Puts 6,000 keys on each of 10 leases, 100 in each transaction.
put_many() {
  local lease from
  for lease in $("$leasetop" --endpoints "$endpoint" grant 3600 --count 10 -w json | jq -r .id); do
    for from in $(seq 0 100 5999); do
      awk -v from="$from" -v lease="$lease" 'BEGIN {
        for (n = from; n < from + 100; n++) printf "put --lease=%s /registry/%s/%05d value\n", lease, lease, n
      }' | { echo; cat; echo; echo; } | "$etcd/etcdctl" --endpoints "$endpoint" txn >"$work/put"
    done
  done
}

start_etcd
put_many
received '10 leases of 6,000 keys, watched for 10 s' "$leasetop" --for 10s
short=$bytes
received '10 leases of 6,000 keys, watched for 60 s' "$leasetop" --for 60s
goal 'keys known' "$keys" 60000 60000
goal 'bytes of the minute, relative to those of 10 s' "$(awk -v all="$bytes" -v short="$short" 'BEGIN { print all / short }')" 0 1.1
kill "$etcd_pid"
wait "$etcd_pid" 2>/dev/null || true
rm -rf "$work/etcd"

start_etcd
"$leasetop" --endpoints "$endpoint" grant 3600 --count 100000 --put '/service/{id}=value' >"$work/granted"
if [ -n "$before" ]; then
  received '100,000 leases of one key, 30 s, before' "$before" --for 30s
  old=$bytes
fi
received '100,000 leases of one key, 30 s, after' "$leasetop" --for 30s
goal 'keys known' "$keys" 100000 100000
[ -z "$before" ] || goal 'bytes, relative to before' "$(awk -v new="$bytes" -v old="$old" 'BEGIN { print new / old }')" 0 1
