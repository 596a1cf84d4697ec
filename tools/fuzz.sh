#!/bin/sh
# Fuzz one target for some seconds: tools/fuzz.sh TARGET SECONDS
set -eu
target=$1
seconds=$2
work=build/fuzz/corpus/$target
mkdir -p "$work"
exec "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" \
    -rss_limit_mb=2048 "$work" "tests/fuzz/corpus/$target"
