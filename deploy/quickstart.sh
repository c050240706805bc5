#!/usr/bin/env bash
# From nothing to a running load balancer, with every step shown.
#
#   deploy/quickstart.sh           does it all, then stays up until Ctrl-C
#   deploy/quickstart.sh --check   does it all, stops everything, exits 0 or 1
#
# Installs the Debian packages, builds the release, starts `lbd` over two demo web servers, sends
# requests, takes a server out and puts it back with `lbctl`, and pushes a changed configuration
# without a restart. Uses free ports of 127.0.0.1 and a temporary folder of its own.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
check_only=
case "${1:-}" in
  --check) check_only=1 ;;
  "") ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

if [ -t 1 ]; then bold=$'\e[1m'; plain=$'\e[0m'; else bold=; plain=; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
show() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }
fail() { printf 'quickstart: FAILED: %s\n' "$*" >&2; exit 1; }

say "Packages and build (the first time takes some minutes)"
deploy/install-deps.sh
deploy/build.sh release lbd lbctl
bin=$root/build/release/bin

QUICKSTART_DIR=$(mktemp -d /tmp/lb-quickstart-XXXXXX)
export QUICKSTART_DIR
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$QUICKSTART_DIR"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Polls a condition for at most ten seconds.
wait_for() {
  local what=$1
  shift
  for _ in $(seq 200); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  fail "$what did not happen within ten seconds"
}

start_server() {
  /usr/bin/python3 deploy/demo-server.py "$1" >"$QUICKSTART_DIR/$1.port" &
  pids+=($!)
  wait_for "the start of $1" test -s "$QUICKSTART_DIR/$1.port"
  cat "$QUICKSTART_DIR/$1.port"
}

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

say "Two demo web servers"
start_server shop1 >"$QUICKSTART_DIR/out" && SHOP1_PORT=$(cat "$QUICKSTART_DIR/out")
start_server shop2 >"$QUICKSTART_DIR/out" && SHOP2_PORT=$(cat "$QUICKSTART_DIR/out")
WEB_PORT=$(free_port)
STATS_PORT=$(free_port)
NEW_PORT=$(free_port)
export SHOP1_PORT SHOP2_PORT WEB_PORT STATS_PORT
echo "shop1 on port $SHOP1_PORT, shop2 on port $SHOP2_PORT"

say "lbd: both planes in one process, from a HAProxy-style file"
cp conf/quickstart.cfg "$QUICKSTART_DIR/lb.cfg"
show "$bin/lbd" -c -f "$QUICKSTART_DIR/lb.cfg"
"$bin/lbd" -f "$QUICKSTART_DIR/lb.cfg" --state-dir "$QUICKSTART_DIR/state" --listen none &
lbd_pid=$!
pids+=("$lbd_pid")
export LBCTL_ADDRESS=unix:$QUICKSTART_DIR/state/admin.sock
web=http://127.0.0.1:$WEB_PORT/
both_serve() { [ "$(for _ in 1 2 3 4; do curl -sf "$web"; done | sort -u | wc -l)" = 2 ]; }
wait_for "an answer from both servers" both_serve

say "Four requests: they alternate"
answers=$(for _ in 1 2 3 4; do curl -sf "$web"; done)
echo "$answers"
[ "$(echo "$answers" | uniq | wc -l)" = 4 ] || fail "the servers did not alternate"

say "Take shop2 out with lbctl"
show "$bin/lbctl" set server shop/shop2 state maint
show "$bin/lbctl" show servers
answers=$(for _ in 1 2 3 4; do curl -sf "$web"; done)
echo "$answers"
[ "$(echo "$answers" | sort -u)" = "hello from shop1" ] || fail "shop2 still gets traffic"

say "Put it back"
show "$bin/lbctl" set server shop/shop2 state ready
wait_for "the return of shop2" both_serve
echo "both serve again"

say "Push a changed file: one more frontend, no restart"
cat >>"$QUICKSTART_DIR/lb.cfg" <<CFG

frontend extra
    bind "127.0.0.1:$NEW_PORT"
    http-request return status 200 content-type text/plain string "pushed without a restart"
CFG
show "$bin/lbctl" apply -f "$QUICKSTART_DIR/lb.cfg" -m "one more frontend"
answer=$(curl -sf "http://127.0.0.1:$NEW_PORT/") || fail "the new frontend does not answer"
echo "$answer"
kill -0 "$lbd_pid" || fail "lbd is gone"
show "$bin/lbctl" revisions

say "A file with an error changes nothing"
sed 's/balance roundrobin/blance roundrobin/' "$QUICKSTART_DIR/lb.cfg" >"$QUICKSTART_DIR/bad.cfg"
if "$bin/lbctl" apply -f "$QUICKSTART_DIR/bad.cfg"; then fail "a bad file was applied"; fi
curl -sf "$web" >/dev/null || fail "traffic stopped"

if [ -n "$check_only" ]; then
  kill -TERM "$lbd_pid"
  code=0
  wait "$lbd_pid" || code=$?
  [ "$code" = 0 ] || fail "lbd ended with $code on SIGTERM"
  say "quickstart: everything works"
  exit 0
fi

say "It stays up. Try:"
cat <<TXT
  curl $web
  $bin/lbctl watch                                  # live events; kill a server (see below) and look
  $bin/lbctl why shop/shop1
  kill ${pids[0]}                                   # ends shop1: the health check notices
  xdg-open http://127.0.0.1:$STATS_PORT/            # the statistics page; /metrics for Prometheus
  echo 'show stat' | socat stdio $QUICKSTART_DIR/lb.sock
  export LBCTL_ADDRESS=$LBCTL_ADDRESS              # for lbctl in another terminal
Ctrl-C ends everything.
TXT
wait "$lbd_pid"
