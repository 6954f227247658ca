# 1,000,000 leases of 600 s, kept alive on a real etcd for five minutes, and listed meanwhile. Takes up to 20 minutes.
#
#   PEERS_CLIENT       an example `load` of etcd-lease that is already built
#   LEASETOP_MILLION   how many leases [default: 1000000]
load=$(realpath -m "${PEERS_CLIENT:-target/release/examples/load}")
leases=${LEASETOP_MILLION:-1000000} ttl=600 seconds=300
[ -n "${PEERS_CLIENT:-}" ] || cargo build --locked --quiet --release --package etcd-lease --example load
mkfifo "$work/in" "$work/out"
start_etcd
"$load" "$endpoint" "$leases" "$ttl" <"$work/in" >"$work/out" &
client=$!
exec 3>"$work/in" 4<"$work/out"

# ticks PID: CPU time of a process so far, in hundredths of a second.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# megabytes PID FIELD: a field of /proc/PID/status.
megabytes() { awk -v field="$2:" '$1 == field { printf "%.0f\n", $2 / 1000 }' "/proc/$1/status"; }
# percent TICKS: as a share of a core, over the time of the renewals.
percent() { awk -v ticks="$1" -v seconds="$seconds" 'BEGIN { printf "%.1f\n", ticks / seconds }'; }

read -r -t 1800 -u 4 _ granted
echo "        granted in $granted s"
before="$(ticks $client) $(ticks "$etcd_pid")"
started=$SECONDS
sleep 30
TIMEFORMAT=%R
listed=$({ time "$leasetop" --endpoints "$endpoint" list -q >"$work/ids" 2>"$work/error" || true; } 2>&1)
count=$(wc -l <"$work/ids")
echo "        $count listed in $listed s" "$(cat "$work/error")"
sleep $((seconds - SECONDS + started))
after="$(ticks $client) $(ticks "$etcd_pid")"
memory="$(megabytes $client VmRSS) $(megabytes $client VmHWM) $(megabytes "$etcd_pid" VmRSS)"
echo >&3
read -r -t 60 -u 4 _ renewals lost least
kill $client
# shellcheck disable=SC2086
set -- $before $after $memory
echo "        CPU $(percent $(($3 - $1))) % of a core, that of etcd $(percent $(($4 - $2))) %"
echo "        memory $5 MB, at its peak $6 MB, of etcd $7 MB"
goal "leases lost" "$lost" 0 0
goal "renewals" "$renewals" "$leases" $((leases * 4))
# More than half of the TTL at the end, 300 s after the last grant: each lease was renewed in these 300 s.
goal "least time left of any lease, as a share of the TTL" "$least" 0.51 1
goal "leases listed" "$count" "$leases" "$leases"
