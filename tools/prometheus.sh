#!/bin/sh
# Brings Prometheus and promtool for the tests: the binaries of Debian's package, without its daemon.
# Does nothing where they are there.
set -eu
if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
  printf 'note: the tests of Prometheus need it; install it with your package manager.\n' >&2
  exit 0
fi
printf '· fetching prometheus for the tests of metrics and alerts\n' >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
apt-get update -qq
(cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root prometheus >/dev/null)
dpkg-deb -x "$folder"/prometheus_*.deb "$folder/files"
install -m 755 "$folder/files/usr/bin/prometheus" "$folder/files/usr/bin/promtool" /usr/local/bin/
