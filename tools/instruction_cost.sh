#!/usr/bin/env bash
# Instructions of our own for what is done most often, counted by callgrind; fails when they are more than 3 % above
# bench/instruction_cost.txt:
#   packet gcm|cm            a forwarded packet: whole worker, one stream to 50 viewers that report, NACK and send
#                            transport feedback, with AES-GCM and with AES-CM, by OpenSSL
#   packet gcm-mb|cm-mb      the same by ipsec-mb, where the build has it
#   datagram send|receive    a datagram given to the kernel and taken from it, in a broadcast's runs
#   echo polling|websocket   a Socket.IO echo through the whole server, loopback sockets included
# The cipher's and the C library's own are told, but not judged: they depend on the processor and on Debian.
# usage: instruction_cost.sh [--update | --profile] [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-}
case $mode in --update | --profile) shift ;; *) mode=check ;; esac
build=${1:-build/release}
reference=bench/instruction_cost.txt
cases=("packet gcm" "packet cm" "datagram send" "datagram receive" "echo polling" "echo websocket")
if grep -q '^IPSEC_MB_LIBRARY:FILEPATH=/' "$build/CMakeCache.txt"; then
  cases+=("packet gcm-mb" "packet cm-mb")
else
  echo "no ipsec-mb in this build: what it costs is not counted"
fi
command -v valgrind > /dev/null || { echo "valgrind is missing: ./dev setup"; exit 2; }

out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
count() {
  local program=$build/bench/${1}_cost
  [[ -x $program ]] || { echo "$program is not built: ./dev build release"; return 2; }
  # A program says itself what is counted: by switching callgrind on, or, where that is often, its counters.
  local start=--instr-atstart=no
  if [[ $1 == echo ]]; then start=--collect-atstart=no; fi
  valgrind --quiet --tool=callgrind "$start" --callgrind-out-file="$out/$1-$2" "$program" "$2" > "$out/$1-$2.said"
}
for ((pair = 0; pair < ${#cases[@]}; pair += 2)); do
  count ${cases[pair]} & first=$!
  count ${cases[pair + 1]} & second=$!
  wait "$first"
  wait "$second"
done

# Self cost by object file. Names are given once, with a number; a line after `calls=` is another function's cost.
costs() {
  awk -v units="$(sed -n 's/^units //p' "$out/$1.said")" '
    /^ob=/ { id = $1; sub(/^ob=/, "", id); if (NF > 1) name[id] = $2; at = id; next }
    /^cob=/ { id = $1; sub(/^cob=/, "", id); if (NF > 1) name[id] = $2; next }
    /^calls=/ { skip = 1; next }
    /^[-+*0-9]/ { if (skip) { skip = 0 } else { cost[at] += $2 } }
    END {
      for (id in cost) {
        kind = "libraries"
        if (name[id] ~ /_cost$/) kind = "ours"
        if (name[id] ~ /libcrypto|libIPSec_MB/) kind = "cipher"
        sum[kind] += cost[id]
      }
      printf "%.1f %.1f %.1f\n", sum["ours"] / units, sum["cipher"] / units, sum["libraries"] / units
    }' "$out/$1"
}

if [[ $mode == --profile ]]; then
  for one in packet-gcm echo-polling; do
    callgrind_annotate --threshold=100 --auto=no "$out/$one" | grep -F "_cost]" | head -n 60
  done
  exit
fi
status=0
[[ $mode != --update ]] || echo "# Instructions of our own per packet, datagram and echo; tools/instruction_cost.sh --update writes it." > "$reference"
for one in "${cases[@]}"; do
  read -r now cipher libraries < <(costs "${one/ /-}")
  [[ -n $now && $now != 0.0 ]] || { echo "nothing was counted: was valgrind/callgrind.h there when it was built?"; exit 2; }
  if [[ $mode == --update ]]; then echo "$one $now" >> "$reference"; fi
  was=$(sed -n "s/^$one //p" "$reference")
  [[ -n $was ]] || { echo "$reference has no line for $one: $0 --update"; exit 2; }
  awk -v one="$one" -v now="$now" -v was="$was" -v cipher="$cipher" -v libraries="$libraries" 'BEGIN {
    printf "%-14s %.1f of our own (%+.1f %% of %.1f), cipher %.1f, libraries %.1f\n", one, now, (now / was - 1) * 100, was, cipher, libraries
    exit now > was * 1.03 }' || status=1
done
[[ $status == 0 ]] || echo "more than 3 % above: make it cheaper, or say why in the commit that updates $reference"
exit "$status"
