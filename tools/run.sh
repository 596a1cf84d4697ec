#!/bin/sh
# Serve the example data: run.sh BINARY DIR LISTEN. Loads it first when there
# is no store in DIR. The server's log goes to DIR.log.
set -eu
binary=$1
dir=$2
listen=$3
facts=$(dirname "$0")/../examples/sp500-facts.csv
url=http://$listen

# Whole or not at all: a load that is cut short must not look finished.
if [ ! -e "$dir/journal" ]; then
    if [ -e "$dir" ] && ! rmdir "$dir"; then
        echo "$dir is neither a store nor empty; name another DIR" >&2
        exit 1
    fi
    rm -rf "$dir.new"
    mkdir -p "$(dirname "$dir")"
    "$binary" load "$facts" --data "$dir.new"
    mv "$dir.new" "$dir"
fi

cat <<END

Members of the S&P 500, 2012 to 2026, from $dir. Try, in another terminal:

  # the securities of a day; index_member says who was in the index
  curl -s '$url/v1/securities?as_of=2015-01-02&format=csv&limit=5'

  # of them one sector, and two columns
  curl -s '$url/v1/securities?as_of=2015-01-02&where=gics_sector:Energy&attributes=ticker,name&format=csv'

  # Google becomes Alphabet, and leaves Information Technology
  curl -s '$url/v1/securities/213/history?format=csv'

  # a class's view: the columns that its rows have
  curl -s '$url/v1/asset-classes/equity?format=csv&limit=5'

  # positions with what was true of each on its own day
  printf 'security_id,quantity,date\n213,100,2015-01-02\n213,100,2024-01-02\n' | curl -s --data-binary @- -H 'Content-Type: text/csv' '$url/v1/positions/join?format=csv'

  # correct a fact, then ask for what was known before and since
  curl -s --data-binary '{"facts":[{"security_id":213,"attribute":"name","value":"Google Inc. (Class C)","effective_date":"2014-12-07"}]}' -H 'Content-Type: application/json' '$url/v1/facts'
  curl -s '$url/v1/securities/213?as_of=2015-01-02&known_tx=1'
  curl -s '$url/v1/securities/213?as_of=2015-01-02'

END
echo "The server's log is in $dir.log; Ctrl-C ends it."
server=
cut=
trap 'cut=1; [ -z "$server" ] || kill "$server" 2>/dev/null || :' INT TERM
"$binary" serve --data "$dir" --listen "$listen" 2>"$dir.log" &
server=$!
[ -z "$cut" ] || kill "$server"

# A signal cuts a wait short, while the server still drains; then the status is
# the signal's. Whether the server lives says nothing: the shell may have buried
# it since, and keeps its status for the next wait.
while :; do
    cut=
    status=0
    wait "$server" || status=$?
    [ -n "$cut" ] && [ "$status" -gt 128 ] || break
done
[ "$status" = 0 ] || tail -n 3 "$dir.log" >&2
exit "$status"
