#!/bin/sh
# Makes .venv with the locked versions and fetches the servers. Idempotent; offline when nothing changed.
# Usage: tools/setup.sh [dev]
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
    if command -v "$name" >/dev/null 2>&1 &&
       "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"; return 0
    fi
  done
  say "error: Python 3.11 or newer is needed and none was found on the PATH."
  say "hint: install it, or name it: make setup PYTHON=/path/to/python3.12"
  exit 3
}

# The stamp holds a hash of all that decides what is installed, so a changed lock is noticed.
stamp_of() { cat "$@" pyproject.toml tools/setup.sh | cksum | tr ' ' '-'; }

install_locked() { # name, lock file
  stamp=".venv/.$1-$(stamp_of "$2")"
  [ -e "$stamp" ] && return 0
  say "· installing $1 packages ($(grep -c '^[a-zA-Z0-9].*==' "$2") pinned, checked by hash)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$2"
  rm -f ".venv/.$1-"*
  : > "$stamp"
}

start=$(date +%s)
if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  python=$(find_python)
  say "· creating .venv with $("$python" --version 2>&1) ($python)"
  if ! "$python" -m venv --clear .venv; then
    say "error: $python cannot make virtual environments."
    say "hint: install its venv module (Debian and Ubuntu: the package python3-venv)."
    exit 3
  fi
fi
# The crate is compiled while packages and servers are fetched, which mostly wait for the network.
tools/native.sh build &
native=$!
install_locked runtime requirements.lock
if ! [ -e .venv/.package-"$(stamp_of requirements.lock)" ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
  rm -f .venv/.package-*
  : > .venv/.package-"$(stamp_of requirements.lock)"
fi
# As pip does for an installed package: where PYTHONDONTWRITEBYTECODE is set, as in many containers,
# every start of `tidemill` would compile 550 modules again, 0.9 s of CPU.
.venv/bin/python -m compileall -q src/tidemill
if [ "${1:-}" = dev ]; then
  install_locked dev requirements-dev.lock
  tools/browser.sh
  tools/prometheus.sh
fi
.venv/bin/tidemill fetch
if wait "$native"; then tools/native.sh; fi
say "· ready in $(( $(date +%s) - start )) s"
