# Whether a bench is over 10 % slower than at a commit, by default the newest one: `tests/measure check [COMMIT]`.
#
# It builds the benches of both trees and runs them in turn, so that a disturbance of the machine affects both alike.
# The medians of three runs count. Run it with nothing else running; it takes ten minutes.
commit=$(git rev-parse --verify --quiet "${2:-HEAD}^{commit}") || {
  echo "tests/measure: no commit \`$2\`" >&2
  exit 2
}
before=target/check/tree
rm -rf "$before"
mkdir -p "$before"
git archive "$commit" | tar -xm -C "$before"

# bench before|after ARGUMENTS: runs `cargo bench` in a tree.
bench() {
  local tree=. target=${CARGO_TARGET_DIR:-target}
  [ "$1" = after ] || tree=$before target=target/check/target
  target=$(realpath -m "$target")
  (cd "$tree" && cargo bench --locked --quiet --target-dir "$target" "${@:2}")
}

for tree in before after; do
  bench $tree --package etcd-lease --bench engine --no-run
  bench $tree --package leasetop --bench frame --no-run
done
for _ in 1 2 3; do
  for tree in before after; do
    # It fails if a figure is over its limit, which the comparison below shows.
    bench $tree --package etcd-lease --bench engine >>"$work/$tree" || true
    bench $tree --package leasetop --bench frame >>"$work/$tree"
  done
done

# medians FILE: the second of three of each figure, as `scheduler-renewal 212 ns` or `cadence-frame-p50 801 us`.
medians() {
  awk '
    NF == 3 && $2 + 0 == $2 && $3 ~ /^(ns|bytes)$/ { print $1, $2, $3 }
    NF > 3 && $(NF - 2) == "p50" && $NF == "us" { name = $1; for (n = 2; n < NF - 1; n++) name = name "-" $n; print name, $(NF - 1), $NF }
  ' "$1" | sort -k1,1 -k2,2n | awk '{ seen = $1 == name ? seen + 1 : 1; name = $1 } seen == 2'
}

medians "$work/after" >"$work/now"
while read -r name value unit <&5; do
  now=$(awk -v name="$name" '$1 == name { print $2 }' "$work/now")
  [ -z "$now" ] || goal "$name, in $unit, before $value" "$now" 0 "$(awk -v value="$value" 'BEGIN { print value * 1.1 }')"
done 5< <(medians "$work/before")
