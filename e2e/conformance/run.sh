#!/usr/bin/env bash
# run.sh BUILD_DIR [TEST_FILE...]: the tests of this folder against BUILD_DIR/examples/conformance_server.
# They need `npm ci` here once, which `./dev setup test` does.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR [TEST_FILE...]}" && pwd)
shift
cd "$(dirname "$0")"
[[ -d node_modules ]] || { echo "e2e/conformance: run ./dev setup test first" >&2; exit 1; }
program=$build/examples/conformance_server
log=$(mktemp)
"$program" --port 0 > "$log" &
server=$!
trap 'kill "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true; rm -f "$log"' EXIT
for _ in {1..100}; do
  grep -q '^ready' "$log" && break
  kill -0 "$server" 2> /dev/null || { echo "the server has ended" >&2; exit 1; }
  sleep 0.05
done
port=$(sed -n 's/^ready.*:\([0-9]*\)$/\1/p' "$log")
[[ $# -gt 0 ]] || set -- *.test.mjs
CONFORMANCE_SERVER=http://localhost:$port CONFORMANCE_PROGRAM=$program JSON_REWRITER=$build/examples/json_rewriter \
  node --test "$@"
kill -0 "$server" || { echo "the server did not outlive the tests" >&2; exit 1; }
