# CPU and memory of keeping leases alive, beside the newest Go client on the same etcd. Names of rows limit it.
#
# The example `load` of etcd-lease and benches/peers do the same: they grant leases, read every response, and revoke the
# leases. Each runs alone, in turn, on a new etcd. The phase of renewals is measured between two moments after the grants:
# CPU time of the client and of etcd, and resident memory of the client at its end. Peak memory is that of the whole run,
# grants and revocations included. The least time left is a share of the TTL. All figures are medians.
#
# It needs Linux and takes a quarter of an hour. The row `bulk` compares the time for grants and revocations with bare calls of etcd-client, as many in flight.
#
#   PEERS_CLIENT   an example `load` of etcd-lease that is already built
#   PEERS_GO       benches/peers, already built
#   PEERS_RUNS     how often each row is measured [default: 3, and once for 100k and 10k-3.6]
load=$(realpath -m "${PEERS_CLIENT:-target/release/examples/load}")
peers=${PEERS_GO:-$work/peers}
[ -n "${PEERS_CLIENT:-}" ] || cargo build --locked --quiet --release --package etcd-lease --example load
[ -n "${PEERS_GO:-}" ] || (cd benches/peers && go build -o "$peers" .)
mkfifo "$work/in" "$work/out"

# name: leases, TTL, seconds of renewals, version of etcd, runs
rows='
10k 10000 30 30 3.5 3
1k 1000 2 15 3.5 3
100k 100000 60 60 3.5 1
10k-3.6 10000 30 30 3.6 1
10k-3.7 10000 30 30 3.7 3
bulk 10000 600 0 3.5 3
'

# CPU time of a process so far, in ms. Its threads have it in ns; /proc/PID/stat has steps of 10 ms.
cpu_of() {
  if [ -e "/proc/$1/schedstat" ]; then
    # A thread may end meanwhile.
    { cat "/proc/$1"/task/*/schedstat 2>/dev/null || true; } | awk '{ sum += $1 } END { printf "%.1f\n", sum / 1e6 }'
  else
    awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"
  fi
}
# memory_of PID FIELD: a field of /proc/PID/status, in MB.
memory_of() { awk -v field="$2:" '$1 == field { printf "%.1f\n", $2 / 1000 }' "/proc/$1/status"; }
# expect WORD: reads a line that starts with this word, and prints the rest.
expect() {
  local word rest
  if ! read -r -t 600 -u 4 word rest || [ "$word" != "$1" ]; then
    echo "tests/measure: the client did not print \`$1\`" >&2
    exit 1
  fi
  echo "$rest"
}

# run CLIENT: runs a client on a new etcd. Appends a line of figures to $work/runs.
run() {
  local command pid before after granted kept revoked resident
  rm -rf "$work/etcd"
  start_etcd
  case $1 in
    ours) command=("$load" "$endpoint" "$leases" "$ttl") ;;
    bare) command=("$load" "$endpoint" "$leases" "$ttl" bare) ;;
    go) command=("$peers" load "$endpoint" "$leases" "$ttl") ;;
  esac
  "${command[@]}" <"$work/in" >"$work/out" &
  pid=$!
  exec 3>"$work/in" 4<"$work/out"
  granted=$(expect granted)
  before="$(cpu_of $pid) $(cpu_of "$etcd_pid")"
  sleep "$seconds"
  after="$(cpu_of $pid) $(cpu_of "$etcd_pid")"
  resident=$(memory_of $pid VmRSS)
  echo >&3
  kept=$(expect kept)
  revoked=$(expect revoked)
  echo "$1 $before $after $resident $(memory_of $pid VmHWM) $kept $granted $revoked" |
    awk '{ print $1, $4 - $2, $5 - $3, $6, $7, $8, $9, $10, $11, $12 }' >>"$work/runs"
  kill $pid "$etcd_pid"
  wait $pid "$etcd_pid" 2>/dev/null || true
  exec 3>&- 4<&-
}

# middle CLIENT COLUMN: the median of a column.
middle() { awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$work/runs" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compare WHAT COLUMN UNIT HIGH OTHER: prints the figure of ours and of another client, their ratio, and its highest goal.
compare() {
  local ours other ratio result=ok
  ours=$(middle ours "$2") other=$(middle "$5" "$2")
  ratio=$(awk -v ours="$ours" -v other="$other" 'BEGIN { printf "%.2f", (other > 0) ? ours / other : ours }')
  if [ -z "$4" ]; then
    result=
  elif ! awk -v it="$ratio" -v high="$4" 'BEGIN { exit !(it <= high) }'; then
    # tests/measure reads it.
    # shellcheck disable=SC2034
    result=MISSED missed=1
  fi
  printf '%-10s%-26s%10s%10s%8s%7s  %s\n' "$name" "$1, $3" "$ours" "$other" "$ratio" "${4:+$4}" "$result"
}

# judge: prints a row.
judge() {
  local cpu=0.3 memory=0.15 peak='' share=''
  if [ "$name" = bulk ]; then
    compare "grants" 9 s 1.1 bare
    compare "revocations" 10 s 1.1 bare
    return
  fi
  case $name in
    100k) cpu=0.2 memory=0.06 peak=0.1 share=0.6 ;;
    1k) cpu='' memory='' ;;
  esac
  compare "CPU" 2 ms "$cpu" go
  compare "CPU of etcd" 3 ms 0.8 go
  compare "memory" 4 MB "$memory" go
  compare "peak memory" 5 MB "$peak" go
  compare "renewals" 6 "in all" '' go
  printf '%-10s%-26s%10s%10s\n' "$name" "least time left" "$(middle ours 8)" "$(middle go 8)"
  goal "$name: leases lost (Go: $(middle go 7))" "$(middle ours 7)" 0 0
  [ -z "$share" ] || goal "$name: least time left" "$(middle ours 8)" "$share" 1
}

# The folder of etcd of a version; nothing if there is none.
folder_of() {
  case $1 in
    3.5) echo "$etcd" ;;
    3.6) echo "${LEASETOP_ETCD_3_6:-target/etcd/3.6}" ;;
    3.7) echo "${LEASETOP_ETCD_3_7:-target/etcd/3.7}" ;;
  esac
}

echo "$(date -u +%F), $(nproc) cores, $(go version | cut -d' ' -f3), clientv3 $(awk '$1 == "go.etcd.io/etcd/client/v3" { print $2 }' benches/peers/go.mod), etcd-lease $(git rev-parse --short HEAD 2>/dev/null || echo "?")"
printf '%-10s%-26s%10s%10s%8s%7s\n' row figure ours other ratio goal
wanted=" ${*:2} "
while read -r name leases ttl seconds version runs <&5; do
  if [ -z "$name" ] || [[ $wanted != "  " && $wanted != *" $name "* ]]; then continue; fi
  etcd_default=$etcd etcd=$(realpath -m "$(folder_of "$version")")
  if [ ! -x "$etcd/etcd" ]; then
    echo "$name: not measured, no etcd $version"
  else
    : >"$work/runs"
    for _ in $(seq "${PEERS_RUNS:-$runs}"); do
      run ours
      if [ "$name" = bulk ]; then run bare; else run go; fi
    done
    judge
  fi
  etcd=$etcd_default
done 5<<<"$rows"
