#!/bin/sh
# Vendors polled, with nobody's key: demo.sh BINARY LISTEN. Starts a fake vendor
# and a server that polls it, asks for two months, and says what to look at.
# All is in a directory of its own, which goes when the demo ends.
set -eu
binary=$1
listen=$2
root=$(dirname "$0")/..
url=http://$listen
dir=$(mktemp -d "${TMPDIR:-/tmp}/secmaster-demo.XXXXXX")
fake=
server=
cut=
trap 'cut=1; [ -z "$server" ] || kill "$server" 2>/dev/null || :' INT TERM
trap '[ -z "$fake" ] || kill "$fake" 2>/dev/null || :; rm -rf "$dir"' EXIT

fail() {
    echo "$1" >&2
    [ ! -e "$dir/log" ] || tail -n 3 "$dir/log" >&2
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
    exit 1
}

# Wait until a process has written where it listens; not when it has gone.
await() {
    tries=0
    until grep -q 'listening on' "$2"; do
        tries=$((tries + 1))
        [ -z "$cut" ] && [ "$tries" -lt 600 ] || return 1
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.05
    done
}

# The data moves with the day of today, by whole weeks.
weeks=$((($(date -u +%s) - $(date -u -d 2024-07-01 +%s)) / 604800))
day() {
    date -u -d "$1 +$((weeks * 7)) days" +%Y-%m-%d
}
first=$(day 2024-05-01)
before=$(day 2024-05-31)
renamed=$(day 2024-06-03)
delisted=$(day 2024-06-14)
last=$(day 2024-06-28)

# Whoever waits reads what a process may not have opened yet.
: >"$dir/fake"
: >"$dir/out"

PYTHONDONTWRITEBYTECODE=1 python3 "$root/tests/support/fake_vendor.py" \
    "$root/tests/support/scenarios/demo.json" >"$dir/fake" &
fake=$!
await "$fake" "$dir/fake" || fail "the fake vendor did not start"
vendor=$(sed -n 's/^listening on //p' "$dir/fake")
sed "s|http://127.0.0.1:8099|$vendor|" "$root/examples/vendors-demo.json" \
    >"$dir/vendors.json"

POLYGON_API_KEY=massive-key BENZINGA_TOKEN=benzinga-token "$binary" serve \
    --data "$dir/data" --listen "$listen" --config "$dir/vendors.json" \
    >"$dir/out" 2>"$dir/log" &
server=$!
await "$server" "$dir/out" || fail "the server did not start"

backfill() {
    echo "secmaster backfill $*"
    "$binary" backfill --url "$url" "$@" 2>/dev/null | sed 's/^/  /'
}
backfill polygon tickers "$first" "$first"
backfill polygon tickers "$renamed" "$renamed"
backfill benzinga trades "$(day 2024-03-01)" "$last"
backfill polygon splits "$first" "$last"
backfill polygon open-close "$first" "$last"
backfill polygon tickers "$delisted" "$delisted"
[ -z "$cut" ] || fail "cut off"

cat <<END

Two months of invented companies and members, from a vendor that is not there.
Try, in another terminal:

  # who is polled, and how that goes
  curl -s '$url/v1/vendors'
  curl -s '$url/v1/vendors/polygon/runs?limit=5'

  # one company was delisted: of twelve that is more than a twentieth, so the
  # listing waits for somebody to look at it. Let it in
  curl -s '$url/v1/quarantine'
  curl -s -X POST '$url/v1/quarantine/1/release'
  curl -s '$url/v1/securities?as_of=$delisted&where=active:false&attributes=ticker,name&format=csv'

  # HLYX becomes HALX: one security, by either ticker in its time
  curl -s '$url/v1/resolve?attribute=ticker&value=HLYX&as_of=$before'
  curl -s '$url/v1/resolve?attribute=ticker&value=HALX&as_of=$renamed'
  curl -s '$url/v1/securities/1000000000007/history?format=csv'

  # prices across the rename, and AURA by month, with its split
  curl -s '$url/v1/securities/1000000000007/prices?from=$before&format=csv&limit=3'
  curl -s '$url/v1/securities/1000000000000/prices/summary?period=month&format=csv'
  curl -s '$url/v1/securities/1000000000000/facts?attribute=split_to'

  # trades: the amended one as it stands and as it was filed first
  curl -s '$url/v1/trades?ticker=AURA'
  curl -s '$url/v1/trades?ticker=AURA&amendments=all'
  curl -s '$url/v1/trades/summary?by=member'

  # what operators watch
  curl -s '$url/metrics' | grep secmaster_vendor

END
echo "The server's log is in $dir/log; Ctrl-C ends both, and removes all."
cat "$dir/out"

# As in run.sh: a signal cuts a wait short, while the server still drains.
while :; do
    cut=
    status=0
    wait "$server" || status=$?
    [ -n "$cut" ] && [ "$status" -gt 128 ] || break
done
[ "$status" = 0 ] || tail -n 3 "$dir/log" >&2
exit "$status"
