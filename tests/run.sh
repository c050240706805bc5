#!/usr/bin/env bash
# Installs what is missing, builds the release and runs every test: unit, golden, fuzz replay, lint,
# end to end. Options: --unit (no end-to-end tests), --e2e (only those).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${1:-all}
deploy/install-deps.sh
LB_CMAKE_ARGS="${LB_CMAKE_ARGS:-} -DLB_WARNINGS_AS_ERRORS=${CI:-OFF}" deploy/build.sh release
if [ "$what" != --e2e ]; then
  # One by one: a test that expects a port to be closed must not meet another test's listener.
  ctest --test-dir build/release --output-on-failure --no-tests=error
fi
if [ "$what" != --unit ]; then tests/e2e/run; fi
