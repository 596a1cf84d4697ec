#!/bin/sh
# Lines and branches of src/ and api/ that the last test run reached, a file a
# row. gcov comes with gcc.
set -eu
cd build/coverage
find . -name '*.gcda' | grep -E '/(src|api)/' | sort | while read -r data; do
    gcov -b -n "$data" 2>/dev/null | awk '
        /^File/ { file = $2; gsub(/\x27/, "", file) }
        /^Lines executed/ { lines = $2 }
        /^Branches executed/ { branches = $2 }
        /^Taken at least once/ && file !~ /\/usr\/|include\// {
            sub("executed:", "", lines); sub("once:", "", $4)
            sub(".*/(src|api)/", "", file)
            print file, lines, $4; file = "/usr/" }'
done | column -t -N file,lines,branches
