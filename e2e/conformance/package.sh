#!/usr/bin/env bash
# package.sh BUILD_DIR: installs the Socket.IO library from a build, and looks at it as somebody who has nothing else: each header
# compiles by itself and pulls in nobody else's; examples/outside is built through CMake and through pkg-config, and serves the
# official client.
set -euo pipefail
build=$(cd "${1:?usage: package.sh BUILD_DIR}" && pwd)
cd "$(dirname "$0")"
[[ -d node_modules ]] || { echo "e2e/conformance: run ./dev setup test first" >&2; exit 1; }
export CXX=${CXX:-g++-12}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/installed

cmake --install "$build" --prefix "$root" --component socketio > "$work/install.log" || { cat "$work/install.log"; exit 1; }
[[ ! -e $root/include/visavis/sfu && ! -e $root/include/visavis/rtp ]] || { echo "media modules are installed"; exit 1; }

# What the compiler and the C library bring; all other files that a header reads must be our own.
dpkg -L libc6-dev linux-libc-dev libcrypt-dev libstdc++-12-dev libgcc-12-dev | sort > "$work/system"
check_header() {
  local header=$1 name used
  name=${header//\//_}
  "$CXX" -std=c++23 -Wall -Wextra -Werror -fsyntax-only -x c++ -include "$root/include/visavis/$header" -I "$root/include/visavis" \
    -MD -MF "$work/$name.d" -MT x /dev/null || return 1
  used=$(tr -d '\\' < "$work/$name.d" | tr -s ' ' '\n' | sed -n '/^\//p' | grep -v -e "^$root/" -e '^/dev/null$' | xargs -r -n 64 realpath -s |
    sort -u | comm -23 - "$work/system" | grep -v '^/usr/lib/gcc/' || true)
  [[ -z $used ]] || { echo "$header pulls in $used"; return 1; }
}
export -f check_header
export root work
(cd "$root/include/visavis" && find . -name '*.hpp' | sed 's|^\./||') > "$work/headers"
xargs -P 2 -I {} bash -c 'check_header {}' < "$work/headers"
echo "headers: $(wc -l < "$work/headers"), all by themselves"

mkdir "$work/cmake" "$work/make"
cp ../../examples/outside/* "$work/make"
cmake -S ../../examples/outside -B "$work/cmake" -DCMAKE_PREFIX_PATH="$root" > "$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build "$work/cmake" > "$work/cmake.log" 2>&1 & builder=$!
PKG_CONFIG_PATH=$root/lib/pkgconfig make -C "$work/make" > "$work/make.log" 2>&1 || { cat "$work/make.log"; exit 1; }
wait $builder || { cat "$work/cmake.log"; exit 1; }
OUTSIDE_PROGRAMS="$work/cmake/outside $work/make/outside" node --test package-client.mjs
