#!/usr/bin/env bash
# run.sh BUILD_DIR [TEST_FILE...]: the tests of this folder against BUILD_DIR/examples/conformance_server.
# SERVER_FLAGS go to both servers, e.g. "--threads 2". They need `npm ci` here once, which `./dev setup test` does.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR [TEST_FILE...]}" && pwd)
shift
cd "$(dirname "$0")"
[[ -d node_modules ]] || { echo "e2e/conformance: run ./dev setup test first" >&2; exit 1; }
program=$build/examples/conformance_server
logs=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2> /dev/null || true; wait; rm -rf "$logs"' EXIT

# start NAME [FLAGS]: a server on a free port, which `port NAME` tells.
start() {
  local name=$1
  shift
  "$program" --port 0 "$@" > "$logs/$name" &
  servers+=($!)
  for _ in {1..200}; do
    grep -q '^ready' "$logs/$name" && return
    kill -0 $! 2> /dev/null || break
    sleep 0.05
  done
  echo "the server did not start" >&2
  exit 1
}
port() { sed -n 's/^ready.*:\([0-9]*\)$/\1/p' "$logs/$1"; }

start quick ${SERVER_FLAGS:-}
start patient --patient ${SERVER_FLAGS:-}
[[ $# -gt 0 ]] || set -- *.test.mjs
CONFORMANCE_SERVER=http://localhost:$(port quick) CONFORMANCE_SERVER_PATIENT=http://localhost:$(port patient) \
  BUILD_DIR=$build CONFORMANCE_PROGRAM=$program JSON_REWRITER=$build/examples/json_rewriter node --test "$@"
kill -0 "${servers[@]}" || { echo "a server did not outlive the tests" >&2; exit 1; }
