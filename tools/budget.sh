#!/usr/bin/env bash
# budget.sh NAME COMMAND...: runs a part of the tests and fails when it takes over 1.5 times its budget in seconds;
# at twice the budget it is stopped, so that nothing can hang.
# budget.sh --report: what each part of the last run took.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/budget

declare -A budget=([unit]=10 [sim]=120 [conformance]=180 [fuzz]=240 [e2e]=480 [web]=180 [load]=60 [instructions]=60 [sanitize]=1500 [lint]=600)

if [[ $1 == --report ]]; then
  echo "part         seconds  budget"
  for part in unit sim conformance fuzz web e2e load instructions sanitize lint; do
    [[ -f build/budget/$part ]] && printf '%-12s %7s %7s\n' "$part" "$(< "build/budget/$part")" "${budget[$part]}"
  done
  exit 0
fi

part=$1; shift
start=$(date +%s)
timeout --kill-after=10 $((budget[$part] * 2)) "$@" || {
  status=$?
  if ((status == 124)); then echo "$part was stopped after twice its budget of ${budget[$part]} s"; fi
  exit "$status"
}
took=$(($(date +%s) - start))
echo "$took" > "build/budget/$part"
if ((took * 2 > budget[$part] * 3)); then
  echo "$part took $took s: over 1.5 times its budget of ${budget[$part]} s"
  exit 1
fi
