#!/usr/bin/env bash
# load_smoke.sh BUILD_DIR [SERVER_BUILD_DIR]: one publisher to 50 viewers through a real `visavis serve`; nothing may be
# lost, every viewer has to see frames, and the server ends as it should. Over the call protocol on Socket.IO, then over
# WHIP and WHEP. A server of another build is one under a sanitizer, which is slow: it gets a fifth of the viewers.
set -euo pipefail
build=$(cd "${1:?usage: load_smoke.sh BUILD_DIR [SERVER_BUILD_DIR]}" && pwd)
server_build=$(cd "${2:-$1}" && pwd)
viewers=50
if [[ $server_build != "$build" ]]; then viewers=10; fi
work=$(mktemp -d)
server=
trap '[[ -n $server ]] && kill "$server" 2> /dev/null; wait; rm -rf "$work"' EXIT
echo '<!doctype html>' > "$work/index.html"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
http=$(free_port)
: > "$work/log"
"$server_build/visavis" serve --http "127.0.0.1:$http" --media "127.0.0.1:$(free_port)" --announce 127.0.0.1 --web "$work" > "$work/log" 2>&1 &
server=$!
for _ in {1..100}; do
  grep -q '^ready' "$work/log" && break
  kill -0 "$server" 2> /dev/null || { cat "$work/log"; exit 1; }
  sleep 0.1
done

load() { "$build/visavis-load" "$@" --server "http://127.0.0.1:$http" --server-pid "$server" --strict --quiet; }
load broadcast --viewers "$viewers" --duration 4
load meeting --rooms 4 --people 4 --views 3 --bitrate 300000 --duration 3 --codec h264 --cipher cm
load broadcast --over whip --viewers "$((viewers / 2))" --duration 3
# Within the 2 s in which its keyframe is fresh: later viewers see a still until the next one, which nobody can ask for.
load broadcast --over whip --publisher ffmpeg --viewers 5 --lead 1 --duration 3
load churn --viewers 2 --churn 10 --stay 1 --duration 3
load audio --publishers 3 --viewers 5 --lead 0.5 --settle 0.5 --duration 2
# To its end, whatever else has the machine meanwhile: what ends a ramp is unit-tested.
load broadcast --over whip --ramp 4 --ramp-max 8 --keep-going --lead 0.5 --settle 0.5 --duration 1 --json "$work/ramp.json"
python3 - "$work/ramp.json" << 'END'
import json, sys
ramp = json.load(open(sys.argv[1]))
steps = [(step["viewers"], step["firstFrameMs"]["count"], step["forwarded"] > 0, step["server"]["cpuMs"] > 0) for step in ramp["results"]]
if steps != [(4, 4, True, True), (8, 4, True, True)] or "capacity" not in ramp:
    sys.exit(f"the ramp's JSON is not what it was told to measure: {steps}")
END
kill -TERM "$server"
wait "$server" || { echo "the server ended with $?:"; tail -n 60 "$work/log"; server=; exit 1; }
server=
