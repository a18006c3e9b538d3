#!/bin/sh
# Brings a Chromium for the console's tests: the system's own package. Does nothing where one is there.
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  printf '· installing chromium for the tests of the console\n' >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
  printf 'note: the tests of the console need Chromium; install it with your package manager.\n' >&2
fi
