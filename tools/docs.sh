#!/bin/sh
# Makes the documentation's site of docs/ and the examples' pages. Usage: tools/docs.sh [build|serve]
# `build` writes .site and fails on any link that leads nowhere; `serve` (the default) shows it.
set -eu
cd "$(dirname "$0")/.."
stamp=".venv-docs/.ready-$(cat requirements-docs.lock tools/docs.sh | cksum | tr ' ' '-')"
if ! [ -e "$stamp" ]; then
  printf '· making the environment of the documentation\n' >&2
  .venv/bin/python -m venv --clear .venv-docs
  .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
    --require-hashes -r requirements-docs.lock
  : > "$stamp"
fi
export NO_MKDOCS_2_WARNING=1
case "${1:-serve}" in
  build) exec .venv-docs/bin/mkdocs build --quiet --strict ;;
  serve) exec .venv-docs/bin/mkdocs serve --dev-addr "127.0.0.1:${PORT:-8765}" ;;
  *) printf 'usage: tools/docs.sh [build|serve]\n' >&2; exit 2 ;;
esac
