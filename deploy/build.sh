#!/usr/bin/env bash
# Configures and builds a preset (release, asan, tsan): deploy/build.sh PRESET [ninja targets...]
# Extra CMake options come from LB_CMAKE_ARGS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1
shift
# shellcheck disable=SC2086  # several options in one variable, on purpose
cmake --preset "$preset" ${LB_CMAKE_ARGS:-} >"/tmp/lb-configure-$preset.$$" 2>&1 || {
  cat "/tmp/lb-configure-$preset.$$" >&2
  exit 1
}
rm -f "/tmp/lb-configure-$preset.$$"
ninja -C "build/$preset" "$@"
