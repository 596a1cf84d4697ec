#!/bin/sh
# clang-tidy over src/ and api/, as many files at once as there are cores.
set -eu
cd "$(dirname "$0")/.."
[ -f build/clang/compile_commands.json ] || cmake --preset clang >/dev/null
git ls-files 'src/*.c' 'api/*.c' |
    xargs -P "$(nproc)" -n 4 clang-tidy-14 --quiet -p build/clang
