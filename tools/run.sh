#!/bin/sh
# Serve the example data: run.sh BINARY DIR LISTEN. Loads it first when there
# is no store in DIR. The server's log goes to DIR.log.
set -eu
binary=$1
dir=$2
listen=$3
examples=$(dirname "$0")/../examples
url=http://$listen
server=
cut=

stop()
{
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
}
trap stop EXIT
trap 'cut=1; stop' INT TERM

# Trades come in over HTTP alone: by a server that is there for them.
post_trades()
{
    mkfifo "$dir.new.said"
    "$binary" serve --data "$dir.new" --listen 127.0.0.1:0 \
        >"$dir.new.said" 2>"$dir.log" &
    server=$!
    read -r said <"$dir.new.said"
    rm "$dir.new.said"
    curl -sSf --noproxy '*' --data-binary "@$examples/made-up-trades.ndjson" \
        -H 'Content-Type: application/x-ndjson' "${said##* }/v1/trades"
    echo
    stop
    wait "$server"
    server=
}

# Whole or not at all: a load that is cut short must not look finished.
if [ ! -e "$dir/journal" ]; then
    if [ -e "$dir" ] && ! rmdir "$dir"; then
        echo "$dir is neither a store nor empty; name another DIR" >&2
        exit 1
    fi
    rm -rf "$dir.new" "$dir.new.said"
    mkdir -p "$(dirname "$dir")"
    "$binary" load "$examples/sp500-facts.csv" --data "$dir.new"
    for bars in made-up-prices made-up-prices-restated; do
        "$binary" load "$examples/$bars.csv" --data "$dir.new" --prices
    done
    post_trades
    [ -z "$cut" ] || exit 1
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

Its daily prices and the trades of members of Congress are made up:

  # the bars of a security, and those of a day
  curl -s '$url/v1/securities/40/prices?from=2024-08-01&to=2024-08-08&format=csv'
  curl -s '$url/v1/prices?date=2024-08-05&format=csv'

  # its quarters, as known before two bars were restated, and since
  curl -s '$url/v1/securities/112/prices/summary?period=quarter&known_tx=2&format=csv'
  curl -s '$url/v1/securities/112/prices/summary?period=quarter&format=csv'

  # averages over the last 20 and 200 bars
  curl -s '$url/v1/securities/40/prices/moving-averages?windows=20,200&from=2024-12-20&format=csv'

  # what a member traded, each with its security's row and close of that day
  curl -s '$url/v1/trades?member_id=X000002'

  # a trade as anyone could know it on a day, and as it was amended since
  curl -s '$url/v1/securities/337/trades?disclosed_by=2024-06-20'
  curl -s '$url/v1/securities/337/trades'

  # all of them by sector, and the committees of a member on a day
  curl -s '$url/v1/trades/summary?by=sector&format=csv'
  curl -s '$url/v1/members/X000001?as_of=2024-03-01'

END
echo "The server's log is in $dir.log; Ctrl-C ends it."
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
server=
[ "$status" = 0 ] || tail -n 3 "$dir.log" >&2
exit "$status"
