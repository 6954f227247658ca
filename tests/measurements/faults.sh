# Longest renewal interval through the faults of three members, beside the newest Go client. Names of faults limit it.
#
# 1,000 leases of 10 s are kept alive by etcd-lease (its example `keep`), and as many by Go's clientv3 (benches/peers), on
# one cluster at the same time. An observer asks every member 50 times a second whether it leads. The columns are:
#
# - the longest interval between two responses of a lease
# - leases lost, and apart from them those that etcd itself removed less than a TTL after a renewal
# - the longest time from the first answer of a leader after an outage to the renewal of a lease that was due by then
# - the longest outage
# - the parts of our longest interval: up to the outage, without a leader, and after that
#
# Each pair is ours and Go's. Times are in seconds. An undisturbed interval is up to 3.83 s long: a third of the TTL and one
# check of Go's client, for a lease whose last reply came between two checks.
#
#   FAULTS_CLIENT   an example `keep` of etcd-lease that is already built
#   FAULTS_PEERS    benches/peers, already built
#   FAULTS_RUNS     how often each fault is measured; the median counts [default: 1]
#   FAULTS_KEEP     a folder for what was recorded
keep=$(realpath -m "${FAULTS_CLIENT:-target/release/examples/keep}")
peers=${FAULTS_PEERS:-$work/peers}
[ -n "${FAULTS_CLIENT:-}" ] || cargo build --locked --quiet --release --package etcd-lease --example keep
[ -n "${FAULTS_PEERS:-}" ] || (cd benches/peers && go build -o "$peers" .)

members=() clients=() helpers=()
# What a fault can change before the cluster starts.
defaults() { leases=1000 ttl=10 seconds=60 login='' flags=() hosts=(127.0.0.1 127.0.0.1 127.0.0.1) enter=('' '' '') used='' inside=''; }
address() { echo "${hosts[$1]}:$((port + $1))"; }
peer() { echo "http://${hosts[$1]}:$((port + 10 + $1))"; }
ctl() { "$etcd/etcdctl" --endpoints "$endpoints" ${login:+--user "$login"} "$@"; }

# start_member NUMBER: starts a member on its data.
start_member() {
  # shellcheck disable=SC2086
  ${enter[$1]} "$etcd/etcd" --name "m$1" --data-dir "$data/m$1" --initial-cluster "$initial" "${flags[@]}" \
    --listen-client-urls "http://$(address "$1")" --advertise-client-urls "http://$(address "$1")" \
    --listen-peer-urls "$(peer "$1")" --initial-advertise-peer-urls "$(peer "$1")" >>"$data/m$1.log" 2>&1 &
  members[$1]=$!
}

start_cluster() {
  port=$((20000 + RANDOM % 12000)) data=$(mktemp -d -p "$work")
  initial="m0=$(peer 0),m1=$(peer 1),m2=$(peer 2)"
  endpoints=$(address 0),$(address 1),$(address 2)
  for number in 0 1 2; do start_member $number; done
  for _ in $(seq 100); do
    ctl endpoint health >/dev/null 2>&1 && return
    kill -0 "${members[@]}" 2>/dev/null || break
    sleep 0.1
  done
  for number in 0 1 2; do tail -n 5 "$data/m$number.log" >&2; done
  exit 1
}

# A stopped process would never end.
stop_all() {
  kill -KILL "${members[@]}" "${clients[@]}" "${helpers[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  members=() clients=() helpers=()
}
trap 'stop_all; clean_up' EXIT

# The number of the leader, asked of the members that answer.
leader() {
  { ctl endpoint status -w json --command-timeout 1s 2>/dev/null || true; } |
    jq -r --argjson port "$port" 'map(select(.Status.leader == .Status.header.member_id)) | max_by(.Status.raftTerm)
      | .Endpoint | split(":")[-1] | tonumber - $port'
}
move_leader_to() {
  local id; id=$(ctl member list | awk -F', ' -v name="m$1" '$3 == name { print $1 }')
  "$etcd/etcdctl" --endpoints "$(address "$(leader)")" move-leader "$id" >/dev/null
}
# send SIGNAL NUMBER...: signals members.
send() {
  local signal=$1 each
  shift
  for each in "$@"; do kill "-$signal" "${members[each]}"; done
}
# bring_down NUMBER: kills a member and waits for its end.
bring_down() { send KILL "$1"; wait "${members[$1]}" 2>/dev/null || true; }

# Each fault is a function that runs 8 s after the clients have started. NAME_before runs before the cluster starts,
# NAME_ready after that.
endpoint_ready() { bring_down 2; sleep 3; }
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
    send TERM $number; wait "${members[number]}" 2>/dev/null || true
    sleep 1; start_member $number; sleep 11
  done
}
fault_quorum() {
  for number in 0 1 2; do
    send STOP $number $(((number + 1) % 3)); sleep 5; send CONT $number $(((number + 1) % 3)); sleep 9
  done
}
fault_all() {
  send KILL 0 1 2
  wait "${members[@]}" 2>/dev/null || true
  sleep 4
  for number in 0 1 2; do start_member $number; done
  sleep 20
}
fault_frozen() {
  local number; number=$(leader)
  send STOP "$number"; sleep 14; send CONT "$number"; sleep 12
}
fault_moved() {
  for _ in $(seq 8); do
    local number; number=$(leader)
    move_leader_to $(((number + 1) % 3)); sleep 5
  done
}
# Their processes stop, as in a paused virtual machine.
fault_paused() {
  for _ in 1 2; do
    kill -STOP "${clients[@]:1}"; sleep 5; kill -CONT "${clients[@]:1}"; sleep 10
  done
}
# All connections go through proxies, which silence the open ones.
nat_ready() {
  used=''
  for number in 0 1 2; do
    "$peers" proxy "127.0.0.1:$((port + 20 + number))" "$(address $number)" & helpers+=($!)
    used+=${used:+,}127.0.0.1:$((port + 20 + number))
  done
  sleep 0.5
}
fault_nat() {
  for _ in 1 2; do kill -USR1 "${helpers[@]}"; sleep 20; done
}
# The disk of the leader takes 10 s for a write: it answers reads and renewals, and no proposals.
fault_disk() {
  local number; number=$(leader)
  strace -f -qq -o /dev/null -e trace=fdatasync,fsync -e inject=fdatasync,fsync:delay_enter=10000000 -p "${members[number]}" &
  helpers+=($!)
  sleep 20; kill "${helpers[@]}"; sleep 12
}
token_before() { flags=(--auth-token simple --auth-token-ttl 3) seconds=45; }
token_ready() {
  ctl user add root:root >/dev/null && ctl user grant-role root root >/dev/null && ctl auth enable >/dev/null
  login=root:root
}
fault_token() { sleep 30; }
# 700 leases of another client are revoked at once while 2,000 of 5 s are renewed every 2 s.
revoke_before() { leases=2000 ttl=5; }
fault_revoke() {
  for _ in 1 2 3; do "$peers" revoke "$endpoints" 700; sleep 8; done
}
nospace_before() { flags=(--quota-backend-bytes 16000000); }
fault_nospace() {
  head -c 1000000 /dev/zero | tr '\0' x >"$data/value"
  for n in $(seq 20); do ctl put "/fill/$n" <"$data/value" >/dev/null 2>&1 || true; done
  ctl alarm list 2>/dev/null | grep -q NOSPACE || echo "no NOSPACE alarm" >&2
  sleep 25
}

# All of this runs in a network namespace, and other_side begins another one. join NEAR FAR gives their devices addresses.
other_side() {
  ip link set lo up
  unshare --net sleep 1000 & other=$! helpers+=($!)
  sleep 0.5
  inside="nsenter --net=/proc/$other/ns/net"
  $inside ip link set lo up
}
join() {
  ip addr replace 10.200.1.1/24 dev "$1"
  ip link set "$1" up
  $inside ip addr add 10.200.1.2/24 dev "$2"
  $inside ip link set "$2" up
}
# Member 2 runs on the other side, so that links can be cut.
apart_before() {
  other_side
  ip addr replace 10.200.0.1/32 dev lo
  # The link of an earlier run goes with its namespace, but not at once.
  ip link del v0 2>/dev/null || true
  ip link add v0 type veth peer name v1 netns "$other"
  join v0 v1
  $inside ip route add 10.200.0.1/32 via 10.200.1.1
  hosts=(10.200.0.1 10.200.0.1 10.200.1.2) enter=('' '' "$inside") inside=''
}
cutoff_before() { apart_before; seconds=100; }
cutoff_ready() { [ "$(leader)" != 2 ] || move_leader_to 0; }
fault_cutoff() { ip link set v0 down; sleep 60; ip link set v0 up; sleep 15; }
oneway_before() { apart_before; }
oneway_ready() { [ "$(leader)" = 2 ] || move_leader_to 2; }
# What the leader sends is lost, to members and clients, and it still gets everything.
fault_oneway() {
  ip rule add pref 100 lookup local
  ip rule add pref 10 iif v0 blackhole
  ip rule del pref 0
  sleep 20
  ip rule add pref 0 lookup local
  ip rule del pref 10
  ip rule del pref 100
  sleep 15
}

# The members and the observer run on the other side. The kernel may have no netem, so a program loses the packets.
loss_before() {
  other_side
  "$peers" link t0 t1 "$other" & link=$! helpers+=($!)
  sleep 0.5
  join t0 t1
  hosts=(10.200.1.2 10.200.1.2 10.200.1.2) enter=("$inside" "$inside" "$inside")
}
fault_loss() { kill -USR1 "$link"; sleep 40; kill -USR1 "$link"; sleep 5; }

title() {
  case $1 in
    endpoint) echo "one endpoint dead" ;;
    kill) echo "leader killed three times" ;;
    stop) echo "leader stopped for 6 s three times" ;;
    rolling) echo "rolling restart" ;;
    quorum) echo "two members stopped for 5 s three times" ;;
    all) echo "all members killed for 4 s" ;;
    frozen) echo "leader frozen for 14 s" ;;
    moved) echo "leader moved every 5 s" ;;
    paused) echo "our process stopped for 5 s twice" ;;
    nat) echo "open connections dead, new ones work" ;;
    disk) echo "disk of the leader stalled" ;;
    token) echo "tokens that live for 3 s" ;;
    revoke) echo "700 revoked at once, 2,000 of 5 s kept" ;;
    nospace) echo "NOSPACE" ;;
    cutoff) echo "follower cut off for 60 s" ;;
    oneway) echo "what the leader sends is lost for 20 s" ;;
    loss) echo "30 % of packets lost, 200 ms round trip" ;;
    clock) echo "wall clock stepped by an hour" ;;
  esac
}

# Why a fault cannot be measured here; nothing if it can.
obstacle() {
  case $1 in
    cutoff | oneway | loss)
      if ! unshare --net true 2>/dev/null; then echo "no right to create a network namespace"
      elif [ "$1" = loss ] && ! [ -w /dev/net/tun ]; then echo "no TUN devices"
      fi ;;
    disk) strace -qq -o /dev/null true 2>/dev/null || echo "no strace" ;;
    clock) echo "both clients read a monotonic clock, which cannot be stepped" ;;
  esac
}

is_function() { declare -F "$1" >/dev/null; }

# measure FAULT: prints the figures of both clients, a line each.
measure() {
  local name=$1
  defaults
  if is_function "${name}_before"; then "${name}_before"; fi
  start_cluster
  used=$endpoints
  if is_function "${name}_ready"; then "${name}_ready"; fi
  export LOGIN=$login
  # shellcheck disable=SC2086
  $inside "$peers" observe "$endpoints" $seconds "$data/observed" & clients+=($!)
  "$keep" "$used" $leases $ttl $seconds "$data/ours" & clients+=($!)
  "$peers" keep "$used" $leases $ttl $seconds "$data/go" & clients+=($!)
  sleep 8
  "fault_$name"
  wait "${clients[@]}"
  stop_all
  "$peers" report $ttl "$data/observed" "$data/ours" "$data/go" | sed "s#$data/##"
  if [ -n "${FAULTS_KEEP:-}" ]; then mkdir -p "$FAULTS_KEEP" && cp "$data"/*.log "$data"/{observed,ours,go} "$FAULTS_KEEP"; fi
}

# middle COLUMN NAME: the median of a column of the lines of a client.
middle() { awk -v name="$2" -v column="$1" '$1 == name { print $column }' "$work/runs" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# judge FAULT: the goals. Go's longest interval is at least the TTL if it lost a lease.
judge() {
  local share
  share=$(awk -v ours="$(middle 2 ours)" -v go="$(middle 2 go)" -v lost="$(middle 3 go)" -v ttl="$ttl" -v usual="$(middle 9 ours)" \
    'BEGIN { if (lost > 0 && go < ttl) go = ttl; printf "%.2f", ours <= usual + 0.2 ? 0 : ours / go }')
  goal "$1: leases lost" "$(middle 3 ours)" 0 0
  goal "$1: seconds from a leader to the last renewal" "$(middle 4 ours)" 0 0.5
  goal "$1: longest interval as a share of Go's, 0 if it is an undisturbed one" "$share" 0 0.9
}
pair() { echo "$(middle "$1" ours) / $(middle "$1" go)"; }

names=("${@:2}")
[ ${#names[@]} -gt 0 ] ||
  names=(endpoint kill stop rolling quorum all frozen moved paused nat disk token revoke nospace cutoff oneway loss clock)
[ -n "${FAULTS_INSIDE:-}" ] ||
  printf '%-42s%17s%13s%13s%16s%8s  %s\n' "fault" "longest interval" "lost" "removed" "after a leader" "outage" "parts"
for name in "${names[@]}"; do
  reason=$(obstacle "$name")
  if [ -n "$reason" ]; then
    printf '%-42s  %s\n' "$(title "$name")" "not measured: $reason"
    continue
  fi
  if [[ $name =~ ^(cutoff|oneway|loss)$ && -z ${FAULTS_INSIDE:-} ]]; then
    # shellcheck disable=SC2034
    FAULTS_INSIDE=1 FAULTS_CLIENT=$keep FAULTS_PEERS=$peers unshare --net tests/measure faults "$name" || missed=1
    continue
  fi
  : >"$work/runs"
  for _ in $(seq "${FAULTS_RUNS:-1}"); do measure "$name" >>"$work/runs"; done
  printf '%-42s%17s%13s%13s%16s%8s  %s\n' "$(title "$name")" "$(pair 2)" "$(pair 3)" "$(pair 10)" "$(pair 4)" "$(middle 5 ours)" \
    "$(middle 6 ours) + $(middle 7 ours) + $(middle 8 ours)"
  judge "$name" >>"$work/goals"
done
[ ! -e "$work/goals" ] || cat "$work/goals"
