# Whether a bench is over 10 % slower than the recorded figures of benches/recorded. `check record` records this machine's.
#
# The figures depend on the machine: record them on yours before a change, and check after it, with nothing else running.
# The median of three runs counts.
recorded=benches/recorded
if [ "${2:-}" != record ] && [ ! -e "$recorded" ]; then
  echo "tests/measure: nothing is recorded; run \`tests/measure check record\` before your change" >&2
  exit 2
fi
cargo bench --locked --quiet --package etcd-lease --bench engine --no-run
cargo bench --locked --quiet --bench frame --no-run
for _ in 1 2 3; do
  # It fails if a figure is over its limit, which the comparison below shows.
  cargo bench --locked --quiet --package etcd-lease --bench engine || true
  cargo bench --locked --quiet --bench frame
done | awk '
  # `scheduler-renewal 212 ns` and `cadence frame p50 801 us`
  NF == 3 && $2 + 0 == $2 && $3 ~ /^(ns|bytes)$/ { print $1, $2, $3 }
  NF > 3 && $(NF - 2) == "p50" && $NF == "us" { name = $1; for (n = 2; n < NF - 2; n++) name = name "-" $n; print name, $(NF - 1), $NF }
' | sort -k1,1 -k2,2n | awk '
  # The second of three.
  $1 == name { if (++seen == 2) print }
  $1 != name { name = $1; seen = 1 }
' >"$work/now"
if [ "${2:-}" = record ]; then
  { echo "# $(date -u +%F), $(nproc) cores, $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)"; cat "$work/now"; } >"$recorded"
  cat "$recorded"
fi
while read -r name value unit <&5; do
  [ "$name" = "#" ] || goal "$name, in $unit" "$(awk -v name="$name" '$1 == name { print $2 }' "$work/now")" 0 "$(awk -v value="$value" 'BEGIN { print value * 1.1 }')"
done 5<"$recorded"
