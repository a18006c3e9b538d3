#!/bin/sh
# Fuzzes the native crate by libFuzzer, with AddressSanitizer, overflow checks and debug assertions.
# `native/fuzz` is laid out as cargo-fuzz wants it (`cargo +nightly fuzz run json` in `native` does the
# same), but needs neither it nor a nightly compiler: it takes the one that builds the crate.
# Usage: tools/fuzz.sh [TARGET...]   all targets by default; SECONDS: for how long each (60)
# Exit code: not 0 where something was found; the input that shows it is in .fuzz/TARGET
set -eu
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
build="${CARGO_TARGET_DIR:-$PWD/.fuzz/target}"
# What cargo-fuzz gives to a nightly compiler; RUSTC_BOOTSTRAP makes the stable one take it.
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
 -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Ccodegen-units=1
 -Cdebug-assertions -Coverflow-checks"
RUSTC_BOOTSTRAP=1 RUSTFLAGS="$(echo $flags)" PYO3_PYTHON="$PWD/.venv/bin/python" \
  CARGO_TARGET_DIR="$build" cargo build --quiet --release --target "$host" \
  --manifest-path native/fuzz/Cargo.toml

LD_LIBRARY_PATH=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')
export LD_LIBRARY_PATH
for target in ${*:-$(ls native/fuzz/fuzz_targets | sed 's/\.rs$//')}; do
  mkdir -p ".fuzz/$target/corpus"
  seeds="native/fuzz/seeds/$target"
  words="native/fuzz/words/$target"
  echo "· $target" >&2
  "$build/$host/release/$target" -max_total_time="${SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 \
    -max_len=1024 -print_final_stats=1 -print_funcs=0 -verbosity=0 -artifact_prefix=".fuzz/$target/" \
    $([ -f "$words" ] && echo "-dict=$words") ".fuzz/$target/corpus" $([ -d "$seeds" ] && echo "$seeds")
done
