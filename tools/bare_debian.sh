#!/usr/bin/env bash
# Proves on a fresh Debian 12 that `./dev run` serves the call page and `./dev test` passes, each doing all of its own
# set-up, and times both. Needs root and debootstrap; leaves the chroot behind unless it is told to remove it.
# usage: bare_debian.sh [--keep] [FOLDER]
set -euo pipefail
keep=no
if [[ ${1:-} == --keep ]]; then keep=yes; shift; fi
repo=$(cd "$(dirname "$0")/.." && pwd)
root=${1:-/var/tmp/visavis-bare}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

[[ $EUID -eq 0 ]] || { echo "run as root"; exit 2; }
[[ ! -e $root ]] || { echo "$root is there already; remove it or name another folder"; exit 2; }

unmount() { for place in run sys dev/shm dev proc .; do umount -l "$root/$place" 2> /dev/null || true; done; }
finish() { unmount; [[ $keep == yes ]] || rm -rf --one-file-system "$root"; }
trap finish EXIT

debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror"
{
  echo "deb $mirror bookworm main"
  echo "deb $mirror bookworm-updates main"
  echo "deb ${mirror/%debian/debian-security} bookworm-security main"
} > "$root/etc/apt/sources.list"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf "127.0.0.1 localhost\n::1 localhost\n" > "$root/etc/hosts"
# The certificates that this machine trusts, whatever its way to the registries is.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/machine-certificates.crt"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
# Network namespaces need a root that is a mount point.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"

git clone -q "$repo" "$root/root/visavis"
inside() {
  chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI="${CI:-}" \
    NODE_EXTRA_CA_CERTS=/etc/machine-certificates.crt npm_config_cafile=/etc/machine-certificates.crt \
    SSL_CERT_FILE=/etc/machine-certificates.crt "$@"
}

echo "== ./dev run"
start=$(date +%s)
inside bash -c 'cd /root/visavis && exec ./dev run -- --http 127.0.0.1:18080 --media 127.0.0.1:17000' > "$root/run.log" 2>&1 &
server=$!
until grep -q '^ready' "$root/run.log"; do
  kill -0 "$server" 2> /dev/null || { tail -n 50 "$root/run.log"; echo "./dev run ended"; exit 1; }
  sleep 1
done
echo "./dev run served after $(($(date +%s) - start)) s"
python3 - <<'PY'
import urllib.request
page = urllib.request.urlopen("http://127.0.0.1:18080/r/bare", timeout=10).read().decode()
assert "<script" in page, page
PY
pkill -TERM -P "$server" 2> /dev/null || true
kill "$server" 2> /dev/null || true  # Gone already, when its child was its last command.
wait "$server" || true

echo "== ./dev test"
start=$(date +%s)
inside bash -c 'cd /root/visavis && ./dev test'
echo "./dev test passed after $(($(date +%s) - start)) s"
