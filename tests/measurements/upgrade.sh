# A rolling upgrade 3.5 -> 3.6 -> 3.7 of three members with 40 leases kept alive: none may be lost or reported wrongly.
port=$((20000 + RANDOM % 20000)) members=()
address() { echo "http://127.0.0.1:$((port + $1))"; }
initial="m0=$(address 10),m1=$(address 11),m2=$(address 12)"
endpoints="$(address 0),$(address 1),$(address 2)"

# start_member NUMBER FOLDER: starts a member on its data with the etcd of a folder.
start_member() {
  "$2/etcd" --name "m$1" --data-dir "$work/m$1" --initial-cluster "$initial" --snapshot-count 20 \
    --listen-client-urls "$(address "$1")" --advertise-client-urls "$(address "$1")" \
    --listen-peer-urls "$(address $((10 + $1)))" --initial-advertise-peer-urls "$(address $((10 + $1)))" \
    >>"$work/m$1.log" 2>&1 &
  members[$1]=$!
}

# wait_for SECONDS COMMAND...: waits until a command succeeds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  while [ $SECONDS -lt $end ]; do
    "$@" >/dev/null 2>&1 && return
    sleep 0.2
  done
  echo "tests/measure: not within the time: $*" >&2
  for number in 0 1 2; do tail -n 5 "$work/m$number.log" >&2; done
  exit 1
}

ctl() { "$etcd/etcdctl" --endpoints "$endpoints" "$@"; }
is_healthy() { "$etcd/etcdctl" --endpoints "$(address "$1")" endpoint health; }
# Whether the whole cluster works as a version: a member of the version after it may start.
is_cluster_of() { grep -hE '"msg":"updated cluster version"' "$work"/m?.log | grep -q "\"to\":\"$1\""; }

for number in 0 1 2; do start_member $number "$etcd"; done
for number in 0 1 2; do wait_for 30 is_healthy $number; done

"$leasetop" --endpoints "$endpoints" events -w json >"$work/events" 2>"$work/events.log" &
# Half of the leases are kept by leasetop, half by etcdctl, which prints a line per renewal.
"$leasetop" --endpoints "$endpoints" grant 15 --count 20 --keep-alive >"$work/kept" 2>&1 &
for number in $(seq 20); do
  id=$(ctl lease grant 15 | cut -d' ' -f2)
  echo "$id" >>"$work/ids"
  ctl lease keep-alive "$id" >"$work/renewed.$id" 2>/dev/null &
done
sleep 15

# etcd 3.7 cannot read what 3.5 wrote to the log, so each member makes a snapshot before the next version.
snapshot() {
  for number in $(seq 50); do ctl put "/upgrade/$number" "$1" >/dev/null; done
}

for version in 3.6 3.7; do
  variable=LEASETOP_ETCD_${version/./_}
  folder=$(realpath -m "${!variable:-target/etcd/$version}")
  for number in 0 1 2; do
    kill "${members[number]}"
    wait "${members[number]}" || true
    start_member $number "$folder"
    wait_for 30 is_healthy $number
    sleep 5
  done
  wait_for 30 is_cluster_of "$version"
  snapshot "$version"
done
sleep 15

# One figure for all leases: how many renewals more were reported than etcdctl printed.
invented=0
while read -r id; do
  reported=$(jq -s --arg id "$id" 'map(select(.event == "renewed" and .lease == $id)) | length' "$work/events")
  renewed=$(grep -c keepalived "$work/renewed.$id" || true)
  [ "$reported" -le "$renewed" ] || invented=$((invented + reported - renewed))
done <"$work/ids"
count() { jq -s "map(select(.event | IN($1))) | length" "$work/events"; }
echo "events: $(jq -r .event "$work/events" | sort | uniq -c | awk '{ printf "%s%s %s", sep, $1, $2; sep = ", " }')"
goal "members of 3.7" "$(ctl endpoint status -w json | jq 'map(select(.Status.version | startswith("3.7."))) | length')" 3 3
goal "leases that etcd has" "$(ctl lease list | grep -cE '^[0-9a-f]+$')" 40 40
goal "leases reported as ended" "$(count '"expired", "revoked", "gone"')" 0 0
goal "reported renewals that never happened, of the leases that etcdctl keeps" "$invented" 0 0
goal "TTL resets reported" "$(count '"refilled"')" 1 10000
