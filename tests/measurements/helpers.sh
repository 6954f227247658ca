# What the measurements share. tests/measure sources this file, then the measurement.
# shellcheck shell=bash disable=SC2034

leasetop=$(realpath -m "${LEASETOP_BINARY:-target/release/leasetop}")
etcd=$(realpath -m "${LEASETOP_ETCD_3_5:-target/etcd/3.5}")
# A folder for this run, removed at the end.
work=$(mktemp -d)
etcd_pid='' missed=0

clean_up() {
  jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

# Starts an etcd on free ports and sets $endpoint to its client URL.
start_etcd() {
  local port=$((20000 + RANDOM % 20000))
  endpoint=http://127.0.0.1:$port
  local peer=http://127.0.0.1:$((port + 1))
  "$etcd/etcd" --data-dir "$work/etcd" --listen-client-urls "$endpoint" --advertise-client-urls "$endpoint" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" \
    >"$work/etcd.log" 2>&1 &
  etcd_pid=$!
  for _ in $(seq 100); do
    "$etcd/etcdctl" --endpoints "$endpoint" endpoint health >/dev/null 2>&1 && return
    kill -0 "$etcd_pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$work/etcd.log" >&2
  echo "tests/measure: could not start etcd on $endpoint" >&2
  exit 1
}

# CPU time of etcd so far, in hundredths of a second.
cpu() {
  awk '{ print $14 + $15 }' "/proc/$etcd_pid/stat"
}

# Bytes that etcd has sent to clients. Needs curl.
sent() {
  curl -sS "$endpoint/metrics" | awk '$1 == "etcd_network_client_grpc_sent_bytes_total" { printf "%.0f\n", $2 }'
}

# goal WHAT FIGURE LOW HIGH: prints a figure and whether it is from LOW to HIGH.
goal() {
  local result=ok
  if ! awk -v it="$2" -v low="$3" -v high="$4" 'BEGIN { exit !(it + 0 == it && it >= low && it <= high) }'; then
    result=MISSED missed=1
  fi
  printf '%-8s%s: %s, goal %s to %s\n' "$result" "$1" "${2:-none}" "$3" "$4"
}

# check WHAT COMMAND...: runs a command and prints whether it succeeded.
check() {
  local what=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    printf '%-8s%s\n' ok "$what"
  else
    printf '%-8s%s\n' MISSED "$what"
    tail -n 5 "$work/log"
    missed=1
  fi
}

# figure NAME: the value that the last test printed as `NAME value`.
figure() {
  awk -v name="$1" '$1 == name { print $2 }' "$work/figures"
}

# terminal_test ARGS: runs a test of tests/terminal on $leasetop.
terminal_test() {
  LEASETOP_BINARY=$leasetop cargo test --locked --quiet --release --test terminal -- "$@"
}

# terminal_figures NAME: runs a measurement of tests/terminal/measure for `figure`.
terminal_figures() {
  terminal_test --nocapture --ignored --exact "measure::$1" >"$work/figures"
  print_figures
}

# etcd_figures NAME: runs a measurement of tests/etcd/truth for `figure`.
etcd_figures() {
  LEASETOP_BINARY=$leasetop LEASETOP_ETCD_3_5=$etcd cargo test --locked --quiet --test etcd -- \
    --nocapture --ignored --exact "truth::long::$1" >"$work/figures"
  print_figures
}

print_figures() {
  awk 'NF == 2 && $2 + 0 == $2 { print "        " $0 }' "$work/figures"
  echo "        load $(cut -d' ' -f1-3 /proc/loadavg)"
}
