# The longest renewal interval through the faults of a cluster of three, beside Go's clientv3. Names of faults limit it.
#
# 1,000 leases of 10 s are kept alive by etcd-lease, and as many by the newest Go client (benches/peers), on one cluster
# at the same time. An observer asks every member 50 times a second who leads.
#   FAULTS_CLIENT   an example `keep` of etcd-lease that is already built
#   FAULTS_PEERS    benches/peers, already built
#   FAULTS_RUNS     how often each fault is measured; the median counts [default: 1]
leases=1000
keep=${FAULTS_CLIENT:-target/release/examples/keep}
peers=${FAULTS_PEERS:-$work/peers}
[ -n "${FAULTS_CLIENT:-}" ] || cargo build --locked --quiet --release --package etcd-lease --example keep
[ -n "${FAULTS_PEERS:-}" ] || (cd benches/peers && go build -o "$peers" .)

members=()
address() { echo "127.0.0.1:$((port + $1))"; }
ctl() { "$etcd/etcdctl" --endpoints "$endpoints" "$@"; }

# start_member NUMBER: starts a member on its data.
start_member() {
  "$etcd/etcd" --name "m$1" --data-dir "$data/m$1" --initial-cluster "$initial" \
    --listen-client-urls "http://$(address "$1")" --advertise-client-urls "http://$(address "$1")" \
    --listen-peer-urls "http://$(address $((10 + $1)))" --initial-advertise-peer-urls "http://$(address $((10 + $1)))" \
    >>"$data/m$1.log" 2>&1 &
  members[$1]=$!
}

start_cluster() {
  port=$((20000 + RANDOM % 20000)) data=$(mktemp -d -p "$work")
  initial="m0=http://$(address 10),m1=http://$(address 11),m2=http://$(address 12)"
  endpoints=$(address 0),$(address 1),$(address 2)
  for number in 0 1 2; do start_member $number; done
  for _ in $(seq 100); do
    ctl endpoint health >/dev/null 2>&1 && return
    sleep 0.1
  done
  tail -n 5 "$data"/m?.log >&2
  exit 1
}

stop_cluster() {
  kill -KILL "${members[@]}" 2>/dev/null || true
  wait "${members[@]}" 2>/dev/null || true
}
# A stopped member would never end.
trap 'stop_cluster; clean_up' EXIT

# The number of the leader, asked of the members that answer.
leader() {
  { ctl endpoint status -w json --command-timeout 1s 2>/dev/null || true; } |
    jq -r --argjson port "$port" 'map(select(.Status.leader == .Status.header.member_id)) | max_by(.Status.raftTerm)
      | .Endpoint | split(":")[-1] | tonumber - $port'
}

send() { local signal=$1; shift; for number in "$@"; do kill "-$signal" "${members[number]}"; done; }
# bring_down NUMBER: kills a member and waits for its end.
bring_down() { send KILL "$1"; wait "${members[$1]}" 2>/dev/null || true; }

# The faults. Each is a function that takes about 45 s, and runs 8 s after the clients have started.
fault_endpoint() { sleep 40; }
fault_kill() {
  for _ in 1 2 3; do
    local number; number=$(leader)
    bring_down "$number"; sleep 6; start_member "$number"; sleep 8
  done
}
fault_stop() {
  for _ in 1 2 3; do
    local number; number=$(leader)
    send STOP "$number"; sleep 6; send CONT "$number"; sleep 8
  done
}
fault_rolling() {
  for number in 0 1 2; do
    send TERM "$number"; wait "${members[number]}" 2>/dev/null || true
    sleep 1; start_member "$number"; sleep 11
  done
}
fault_quorum() {
  for number in 0 1 2; do
    send STOP "$number" $(((number + 1) % 3)); sleep 5; send CONT "$number" $(((number + 1) % 3)); sleep 9
  done
}
fault_all() {
  for number in 0 1 2; do send KILL $number; done
  for number in 0 1 2; do wait "${members[number]}" 2>/dev/null || true; done
  sleep 4
  for number in 0 1 2; do start_member $number; done
  sleep 20
}

title() {
  case $1 in
    endpoint) echo "one endpoint dead" ;;
    kill) echo "leader killed three times" ;;
    stop) echo "leader stopped for 6 s three times" ;;
    rolling) echo "rolling restart" ;;
    quorum) echo "two members stopped for 5 s three times" ;;
    all) echo "all members killed for 4 s" ;;
  esac
}

# measure FAULT: prints `ours INTERVAL LOST RESUME OUTAGE` and the same for Go.
measure() {
  local name=$1 used seconds clients=()
  start_cluster
  used=$endpoints
  [ "$name" != endpoint ] || { bring_down 2; sleep 3; }
  seconds=60
  "$peers" observe "$endpoints" $seconds "$data/observed" & clients+=($!)
  "$keep" "$used" $leases $seconds "$data/ours" & clients+=($!)
  "$peers" keep "$used" $leases $seconds "$data/go" & clients+=($!)
  sleep 8
  "fault_$name"
  wait "${clients[@]}"
  stop_cluster
  "$peers" report "$data/observed" "$data/ours" "$data/go" | sed "s#$data/##"
  [ -z "${FAULTS_KEEP:-}" ] || cp -r "$data" "$FAULTS_KEEP"
}

# middle COLUMN NAME: the median of a column of the lines of a client.
middle() { awk -v name="$2" -v column="$1" '$1 == name { print $column }' "$work/runs" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

names=("${@:2}")
[ ${#names[@]} -gt 0 ] || names=(endpoint kill stop rolling quorum all)
printf '%-42s%18s%12s%16s%9s\n' "fault" "longest interval" "lost" "after a leader" "outage"
for name in "${names[@]}"; do
  : >"$work/runs"
  for _ in $(seq "${FAULTS_RUNS:-1}"); do measure "$name" >>"$work/runs"; done
  printf '%-42s%18s%12s%16s%9s\n' "$(title "$name")" "$(middle 2 ours) / $(middle 2 go)" "$(middle 3 ours) / $(middle 3 go)" \
    "$(middle 4 ours) / $(middle 4 go)" "$(middle 5 ours)"
done
