#!/bin/sh
# Renews the lock files: names, versions and hashes, never an address.
set -eu
cd "$(dirname "$0")/.."
flags="--quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links"
# shellcheck disable=SC2086
uv pip compile $flags pyproject.toml --extra build --extra console --extra onnx -o requirements.lock
# shellcheck disable=SC2086
uv pip compile $flags --group dev -c requirements.lock -o requirements-dev.lock
# The documentation's site.
# shellcheck disable=SC2086
uv pip compile $flags requirements-docs.in -o requirements-docs.lock
# Environments made on demand (src/tidemill/services/environments).
for roots in src/tidemill/services/environments/*.in; do
  # shellcheck disable=SC2086
  uv pip compile $flags "$roots" -o "${roots%.in}.lock"
done
# Environments of the peers that are measured (bench/environments).
for roots in bench/environments/*.in; do
  # shellcheck disable=SC2086
  uv pip compile $flags "$roots" -o "${roots%.in}.lock"
done
