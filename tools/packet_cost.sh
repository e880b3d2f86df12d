#!/usr/bin/env bash
# Instructions per forwarded packet, whole worker, one stream to 50 viewers that report, NACK and send transport feedback,
# counted by callgrind, with AES-GCM and with AES-CM. Fails when they are more than 3 % above the reference in
# bench/packet_cost.txt. The cipher's and the C library's own are told, but not judged:
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
for profile in gcm cm; do
  valgrind --quiet --tool=callgrind --instr-atstart=no --callgrind-out-file="$out/$profile" "$program" "$profile" > "$out/$profile.said" &
done
wait %1
wait %2

# Self cost by object file. Names are given once, with a number; a line after `calls=` is another function's cost.
costs() {
  awk -v packets="$(sed -n 's/^packets //p' "$out/$1.said")" '
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
      printf "%.1f %.1f %.1f\n", sum["ours"] / packets, sum["cipher"] / packets, sum["libraries"] / packets
    }' "$out/$1"
}

if [[ $mode == --profile ]]; then
  callgrind_annotate --threshold=100 --auto=no "$out/gcm" | grep -F "/packet_cost]" | head -n 60
  exit
fi
status=0
[[ $mode != --update ]] || echo "# Instructions of our own per forwarded packet; tools/packet_cost.sh --update writes it." > "$reference"
for profile in gcm cm; do
  read -r now cipher libraries < <(costs "$profile")
  [[ -n $now && $now != 0.0 ]] || { echo "nothing was counted: was valgrind/callgrind.h there when it was built?"; exit 2; }
  if [[ $mode == --update ]]; then echo "$profile $now" >> "$reference"; fi
  was=$(sed -n "s/^$profile //p" "$reference")
  awk -v profile="$profile" -v now="$now" -v was="$was" -v cipher="$cipher" -v libraries="$libraries" 'BEGIN {
    printf "%-3s %.1f of our own per forwarded packet (%+.1f %% of %.1f), cipher %.1f, libraries %.1f\n", profile, now, (now / was - 1) * 100, was, cipher, libraries
    exit now > was * 1.03 }' || status=1
done
[[ $status == 0 ]] || echo "more than 3 % above: make it cheaper, or say why in the commit that updates $reference"
exit "$status"
