#!/bin/sh
# Builds the native crate where a Rust toolchain is present, and installs it into .venv. It is Rust alone:
# librdkafka comes with confluent-kafka, and is found when the crate is used.
# The wheel is cached across clones by the hash of its sources; without Rust, or when the build fails,
# Tidemill goes on with its Python path. NATIVE=0 leaves it out.
# Usage: tools/native.sh [build]   `build` makes the wheel and does not install it; exit code 1: none was made
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

[ "${NATIVE:-1}" = 0 ] && exit 0
sources=$(cat native/Cargo.toml native/pyproject.toml $(find native/src -name "*.rs" | sort) \
  native/python/tidemill_native/* | cksum | tr ' ' '-')
stamp=".venv/.native-$sources"
[ -e "$stamp" ] && exit 0
cache="${TIDEMILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tidemill}/native/$sources-$(uname -m)"

if ! ls "$cache"/*.whl >/dev/null 2>&1; then
  if ! command -v cargo >/dev/null 2>&1 || ! command -v cc >/dev/null 2>&1; then
    say "· no Rust toolchain: the Python path serves (slower, same results)"
    exit 0
  fi
  say "· building the native crate (one to two minutes, once; NATIVE=0 leaves it out)"
  mkdir -p "$cache"
  log="$cache/build.log"
  if ! { .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
           --require-hashes --target "$cache/maturin" -r requirements-native.lock &&
         CARGO_TARGET_DIR="$cache/target" "$cache/maturin/bin/maturin" build --release --quiet \
           --manifest-path native/Cargo.toml --interpreter .venv/bin/python --out "$cache"
       } > "$log" 2>&1; then
    say "· the native crate did not build ($log); the Python path serves (slower, same results)"
    [ "${1:-}" = build ] && exit 1
    exit 0
  fi
  rm -rf "$cache/target" "$cache/maturin"
fi
[ "${1:-}" = build ] && exit 0
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index \
  --force-reinstall "$cache"/*.whl
rm -f .venv/.native-*
: > "$stamp"
