#!/bin/sh
# Install the Debian 12 packages that are missing; says what it installs.
# "deps.sh bench" adds SQLite, which only the benchmark asks for.
set -eu
packages="ca-certificates clang-14 clang-format-14 clang-tidy-14 cmake curl
gcc git libc6-dev libcjson-dev libclang-rt-14-dev libcriterion-dev
libcurl4-openssl-dev liblmdb-dev libmicrohttpd-dev libssl-dev libyajl-dev
make ninja-build pkg-config python3 python3-yaml zlib1g-dev"
[ "${1:-}" != bench ] || packages="$packages libsqlite3-dev"
missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing:$missing (this takes a minute or two)"
sudo=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "not root and no sudo; install them yourself:" >&2
        echo "  apt-get install$missing" >&2
        exit 1
    }
    sudo=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $sudo apt-get update -q &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
