#!/usr/bin/env bash
# Installs every Debian 12 package that building, running and testing lb needs.
# Idempotent, and quiet when nothing is missing. Needs root (or sudo) only when something is.
set -euo pipefail

packages=(
  # building
  build-essential cmake ninja-build ccache pkg-config git ca-certificates
  libgrpc++-dev libgrpc-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  libabsl-dev libnghttp2-dev libssl-dev libsqlite3-dev libpcre2-dev zlib1g-dev
  libgtest-dev libgmock-dev libbenchmark-dev libcli11-dev libcpp-httplib-dev nlohmann-json3-dev
  # end-to-end tests and benchmarks: real clients, real servers, the peers we compare with
  python3 python3-pytest python3-grpcio python3-hpack
  curl nghttp2-client nghttp2-proxy nghttp2-server testssl.sh socat sqlite3 iproute2 procps
  mariadb-server mariadb-client redis-server redis-sentinel haproxy nginx-light libnginx-mod-stream
)

missing=()
for p in "${packages[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$p")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-deps: run as root to install: ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi

echo "install-deps: installing ${missing[*]}"
# The servers are for the tests, which start their own: keep the packages from starting any.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
  "${sudo[@]}" chmod 755 "$policy"
  made_policy=1
fi
cleanup() { [ -z "$made_policy" ] || "${sudo[@]}" rm -f "$policy"; }
trap cleanup EXIT

log=$(mktemp)
run() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >>"$log" 2>&1; }
if ! { run apt-get update -q && run apt-get install -y -q --no-install-recommends "${missing[@]}"; }; then
  echo "install-deps: apt-get failed:" >&2
  tail -n 30 "$log" >&2
  exit 1
fi
rm -f "$log"
