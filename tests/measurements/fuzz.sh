# Fuzz targets under libFuzzer, at low priority: `tests/measure fuzz [SECONDS] [TARGET...]`, by default 600 s each, all.
# What they find is left in target/fuzz/found. It needs a C++ compiler and Rust 1.88 or later, no nightly and no cargo-fuzz:
# these are the flags with which `cargo fuzz` compiles with `--sanitizer none`.
seconds=${2:-600}
host=$(rustc -vV | sed -n 's/^host: //p')
flags='--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cllvm-args=-simplifycfg-branch-fold-threshold=0'
for each in level=4 inline-8bit-counters pc-table trace-compares; do
  flags="$flags -Cllvm-args=-sanitizer-coverage-$each"
done
RUSTFLAGS=$flags nice -n 19 cargo build --locked --release --quiet --manifest-path tests/fuzz/Cargo.toml \
  --target "$host" --target-dir target/fuzz
mkdir -p target/fuzz/found
targets=("${@:3}")
if [ ${#targets[@]} = 0 ]; then
  targets=(filter config ids keys engine messages command_line durations recordings reports)
fi
for target in "${targets[@]}"; do
  mkdir -p "$work/$target" "tests/fuzz/corpus/$target"
  failed=0
  nice -n 19 "target/fuzz/$host/release/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="target/fuzz/found/$target-" "$work/$target" "tests/fuzz/corpus/$target" >"$work/$target.log" 2>&1 || failed=1
  grep -E '^Done|panicked|ERROR' "$work/$target.log" | tail -2 || true
  goal "bugs found in $target" "$failed" 0 0
done
