#!/bin/sh
# What `make check` runs: every step is named, the first fault ends it.
set -eu
cd "$(dirname "$0")/.."

step() {
    echo "check: $1"
    shift
    "$@"
}

format() {
    git ls-files '*.c' '*.h' | xargs clang-format-14 --dry-run -Werror
}

compile() {
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1"
}

step "formatting" format
step "floors" /usr/bin/python3 tools/check_floors.py
step "routes against openapi.yaml" tools/check_routes.py
step "openapi.yaml" tools/lint_openapi.py
step "banned functions and sizes" tools/check_banned.py
step "gcc, warnings are errors" compile dev
step "clang, warnings are errors" compile clang
step "clang-tidy" tools/tidy.sh
echo "check: all good"
