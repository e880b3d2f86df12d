#!/usr/bin/env bash
# Instructions per forwarded packet, whole worker, one stream to 50 viewers, counted by callgrind. Fails when they are more
# than 3 % above the reference in bench/packet_cost.txt. The cipher's and the C library's own are told, but not judged:
# they depend on the processor and on Debian.
# usage: packet_cost.sh [--update | --profile] [BUILD_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-}
case $mode in --update | --profile) shift ;; *) mode=check ;; esac
build=${1:-build/release}
reference=bench/packet_cost.txt
program=$build/bench/packet_cost
[[ -x $program ]] || { echo "$program is not built: ./dev build release"; exit 2; }
command -v valgrind > /dev/null || { echo "valgrind is missing: ./dev setup"; exit 2; }

out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
valgrind --quiet --tool=callgrind --instr-atstart=no --callgrind-out-file="$out/counts" "$program" > "$out/said"
packets=$(sed -n 's/^packets //p' "$out/said")

# Self cost by object file. Names are given once, with a number; a line after `calls=` is another function's cost.
awk -v packets="$packets" '
  /^ob=/ { id = $1; sub(/^ob=/, "", id); if (NF > 1) name[id] = $2; at = id; next }
  /^cob=/ { id = $1; sub(/^cob=/, "", id); if (NF > 1) name[id] = $2; next }
  /^calls=/ { skip = 1; next }
  /^[-+*0-9]/ { if (skip) { skip = 0 } else { cost[at] += $2 } }
  END {
    for (id in cost) {
      kind = "libraries"
      if (name[id] ~ /packet_cost$/) kind = "ours"
      if (name[id] ~ /libcrypto|libIPSec_MB/) kind = "cipher"
      sum[kind] += cost[id]
    }
    printf "ours %.1f\ncipher %.1f\nlibraries %.1f\n", sum["ours"] / packets, sum["cipher"] / packets, sum["libraries"] / packets
  }' "$out/counts" > "$out/costs"
echo "instructions per forwarded packet, of $packets:"
sed 's/^/  /' "$out/costs"
now=$(sed -n 's/^ours //p' "$out/costs")
[[ -n $now && $now != 0.0 ]] || { echo "nothing was counted: was valgrind/callgrind.h there when it was built?"; exit 2; }

case $mode in
  --profile) callgrind_annotate --threshold=100 --auto=no "$out/counts" | grep -F "/packet_cost]" | head -n 60 ;;
  --update)
    printf '# Instructions of our own per forwarded packet; tools/packet_cost.sh --update writes it.\nours %s\n' "$now" > "$reference"
    echo "written to $reference" ;;
  *)
    was=$(sed -n 's/^ours //p' "$reference")
    awk -v now="$now" -v was="$was" 'BEGIN { printf "reference %.1f: %+.1f %%\n", was, (now / was - 1) * 100; exit now > was * 1.03 }' ||
      { echo "more than 3 % above: make it cheaper, or say why in the commit that updates $reference"; exit 1; } ;;
esac
