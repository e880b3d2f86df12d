#!/usr/bin/env bash
# load_smoke.sh BUILD_DIR: one publisher to 50 viewers through a real `visavis serve`; nothing may be lost, and every
# viewer has to see frames. Over the call protocol on Socket.IO, then over WHIP and WHEP.
set -euo pipefail
build=$(cd "${1:?usage: load_smoke.sh BUILD_DIR}" && pwd)
work=$(mktemp -d)
server=
trap '[[ -n $server ]] && kill "$server" 2> /dev/null; wait; rm -rf "$work"' EXIT
echo '<!doctype html>' > "$work/index.html"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
http=$(free_port)
: > "$work/log"
"$build/visavis" serve --http "127.0.0.1:$http" --media "127.0.0.1:$(free_port)" --announce 127.0.0.1 --web "$work" > "$work/log" 2>&1 &
server=$!
for _ in {1..100}; do
  grep -q '^ready' "$work/log" && break
  kill -0 "$server" 2> /dev/null || { cat "$work/log"; exit 1; }
  sleep 0.1
done

load() { "$build/visavis-load" "$@" --server "http://127.0.0.1:$http" --server-pid "$server" --strict --quiet; }
load broadcast --viewers 50 --duration 4
load meeting --rooms 4 --people 4 --views 3 --bitrate 300000 --duration 3 --codec h264 --cipher cm
load broadcast --over whip --viewers 20 --duration 3
