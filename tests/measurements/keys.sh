# Bytes, CPU of etcd and known keys of 50 leases among 40,000 and 150,000 keys of 6 kB, before and after: a table.
#
#   LEASETOP_BASE   an older leasetop to compare with [default: none]
#   SECONDS_EACH      how long each run lasts [default: 30]
#
# Needs curl.
each=${SECONDS_EACH:-30}
before=${LEASETOP_BASE:-}

# Puts the keys FROM to TO below /registry/pods/, 100 in each transaction. Base64 of the gateway: the number of a key is
# 8 digits of it, and the value is 6,000 bytes.
fill() {
  local from
  for from in $(seq "$1" 100 "$2"); do
    awk -v from="$from" 'BEGIN {
      value = sprintf("%8000s", ""); gsub(/ /, "A", value)
      printf "{\"success\":["
      for (n = from; n < from + 100; n++)
        printf "%s{\"request_put\":{\"key\":\"L3JlZ2lzdHJ5L3BvZHMv%08d\",\"value\":\"%s\"}}", (n > from ? "," : ""), n, value
      printf "]}"
    }' | curl -sSf -o "$work/filled" -d @- "$endpoint/v3/kv/txn"
  done
}

# 50 leases of 20 keys: half of the leases below the prefix of the keys without leases.
grant_leases() {
  local folder puts
  for folder in /registry/pods/leased /service; do
    puts=()
    for n in $(seq 20); do puts+=(--put "$folder/{id}/$n=value"); done
    "$leasetop" --endpoints "$endpoint" grant 3600 --count 25 "${puts[@]}" >"$work/granted"
  done
}

# known FILE: the number of leases in a list whose 20 keys are all known.
known() {
  jq '[.leases[] | select(.key_count == 20)] | length' "$1"
}

# start_puts KEY: puts 100 keys of 6 kB per second. KEY is in base64.
start_puts() {
  awk -v key="$1" 'BEGIN { value = sprintf("%8000s", ""); gsub(/ /, "A", value)
    printf "{\"key\":\"%s\",\"value\":\"%s\"}", key, value }' >"$work/put"
  curl -s --rate 100/s -o "$work/ignored" -d "@$work/put" "$endpoint/v3/kv/put?[1-1000000]" &
  puts_pid=$!
}

# run NAME CASE BINARY: prints a row. Sets $bytes, $early and $cost.
run() {
  local cpu0 cpu1 cpu2 bytes0 idle
  cpu0=$(cpu)
  sleep 10
  cpu1=$(cpu)
  idle=$(((cpu1 - cpu0) * 100 / 1000))
  "$3" --endpoints "$endpoint" list --for 10s -w json >"$work/early.json"
  early=$(known "$work/early.json")
  bytes0=$(sent)
  cpu1=$(cpu)
  "$3" --endpoints "$endpoint" list --for "${each}s" -w json >"$work/late.json"
  cpu2=$(cpu)
  bytes=$(($(sent) - bytes0))
  cost=$(((cpu2 - cpu1) / each - idle))
  printf '%-7s %-32s %3s of 50 %3s of 50 %12s %5s %% %5s %%\n' \
    "$1" "$2" "$early" "$(known "$work/late.json")" "$bytes" "$idle" "$cost"
}

# compare CASE: runs both programs and checks the new one.
compare() {
  [ -z "$before" ] || run before "$1" "$before"
  run after "$1" "$leasetop"
  goal "$1: leases whose keys are known after 10 s" "$early" 50 50
  goal "$1: bytes in $each s" "$bytes" 0 3000000
  goal "$1: CPU of etcd above idle, in percent of a core" "$cost" -100 3
}

start_etcd
grant_leases
printf '%-7s %-32s %9s %9s %12s %7s %7s\n' '' 'key space' 'in 10 s' "in $each s" 'bytes' 'idle' 'CPU'
filled=0
for keys in 40000 150000; do
  fill "$filled" $((keys - 1))
  filled=$keys
  compare "$keys keys, idle"
  # /registry/config and /registry/pods/x
  for place in other:L3JlZ2lzdHJ5L2NvbmZpZw== same:L3JlZ2lzdHJ5L3BvZHMveA==; do
    start_puts "${place#*:}"
    compare "$keys keys, puts below ${place%%:*} prefix"
    kill "$puts_pid"
    wait "$puts_pid" 2>/dev/null || true
  done
done
