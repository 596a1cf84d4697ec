"""Rows about daily bars: summaries and moving averages over all of them."""
import json
import os
import shutil
import subprocess
import time

import harness
from harness import CSV, ROOT, Server, generated
from reads import streamed
from report import Row, rate, ratio

WEEKDAYS = 5949  # of a security
SECURITIES = max(int(os.environ.get('BARS', '7513587')) // WEEKDAYS, 1)
BARS = SECURITIES * WEEKDAYS
TURNS = 3
TIMES = 5  # as fast as DuckDB
MODULES = ROOT / 'build/duckdb'
# Of each what is asked of us, and for the same columns of DuckDB.
AVERAGES_PATH = '/v1/prices/summary?period={0}&columns=days,average_open,average_high,average_low,average_close,average_volume'
AVERAGES = ("SELECT security_id, date_trunc('{0}', date), count(*), avg(open), avg(high), avg(low), avg(close), avg(volume)"
            ' AS volume FROM bars GROUP BY ALL')
SUMMARY_PATH = '/v1/prices/summary?period={0}'
# What follows from a period's start is worked out once a row: that takes DuckDB half of what grouping by it does.
SUMMARY = ("SELECT security_id, start, start + INTERVAL 1 {0} AS behind, {1} * EXCLUDE (security_id, start) FROM"
           " (SELECT security_id, date_trunc('{0}', date) AS start, count(*), avg(open), avg(high), avg(low), avg(close),"
           ' avg(volume), arg_min(open, date), max(high), min(low), arg_max(close, date) FROM bars GROUP BY ALL)')
NUMBERS = {
    'week': "date_part('isoyear', start) AS year, date_part('week', start) AS number,",
    'month': "date_part('year', start) AS year, date_part('month', start) AS number,",
    'quarter': "date_part('year', start) AS year, date_part('quarter', start) AS number,",
    'year': "date_part('year', start) AS year,",
}
WINDOWS = (20, 30, 200)
MOVING = 'SELECT security_id, date, close{0} FROM bars WINDOW {1}'.format(
    ''.join(f', avg(close) OVER w{n} AS ma_{n}' for n in WINDOWS),
    ', '.join(f'w{n} AS (PARTITION BY security_id ORDER BY date ROWS {n - 1} PRECEDING)' for n in WINDOWS))


class DuckDB:
    """It has the bars in a table in memory, as it reads the CSV by itself."""

    def __init__(self, path):
        self.process = subprocess.Popen(['node', ROOT / 'bench/duckdb_peer.js', MODULES, path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise harness.Failed('DuckDB ended')
        return json.loads(line)

    def ask(self, **asked):
        self.process.stdin.write(json.dumps(asked) + '\n')
        self.process.stdin.flush()
        return self.answer()

    def hand(self, sql, rows):
        """Seconds for a query's columns as they are."""
        got = self.ask(hand=sql)
        if got['rows'] != rows:
            raise harness.Failed(f'DuckDB has {got["rows"]} rows, not {rows}')
        return got['seconds']

    def print(self, sql):
        """Seconds for a query's rows as CSV."""
        return self.ask(print=sql)['seconds']

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def has_duckdb():
    """Whether it is there, or npm can fetch it."""
    if shutil.which('npm') is None:
        return False
    if not (MODULES / 'node_modules/@duckdb/node-api').exists():
        MODULES.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / 'bench/package.json', MODULES)
        subprocess.run(['npm', 'install', '--no-package-lock', '--no-audit', '--no-fund', '--silent'], cwd=MODULES, timeout=300,
                       check=False)
    return (MODULES / 'node_modules/@duckdb/node-api').exists()


def store(bench, path):
    """All bars, in the index."""
    data = bench.work / 'prices'
    if data.exists():
        return data
    began = time.monotonic()
    said = subprocess.run([harness.SECMASTER, 'load', path, '--prices', '--format', 'csv', '--data', data], check=True,
                          capture_output=True, text=True).stdout
    seconds = time.monotonic() - began
    if f'stored {BARS}, unchanged 0, refused 0' not in said:
        raise harness.Failed(f'not all bars are stored: {said}')
    bench.add(Row(f'load of {BARS:,} bars, CSV, 10,000 a batch', f'{seconds:.1f} s, {rate(BARS / seconds)} bars'))
    harness.reindex(data)
    size = sum(harness.disk_bytes(data, part) for part in ('journal', 'index'))
    bench.note(f'{BARS:,} bars: {size / BARS:.1f} bytes each on disk')
    return data


def held(bench, questions):
    """Questions as (work, path, SQL), each in turns with DuckDB."""
    path = generated(bench.work, 'bars', '--facts', BARS, '--securities', SECURITIES)
    data = store(bench, path)
    duckdb = DuckDB(path) if has_duckdb() else None
    if duckdb is None:
        bench.note('DuckDB: skipped (npm is not there, or cannot fetch @duckdb/node-api)')
    try:
        with Server(data) as bench.server:
            for question in questions:
                bench.add(beside(bench, duckdb, *question))
    finally:
        if duckdb is not None:
            duckdb.close()


def beside(bench, duckdb, work, path, sql):
    peers, ours = [], []
    for _ in range(TURNS):
        rows, seconds, row = streamed(bench, work, path, CSV, turns=1)
        ours.append((seconds, row))
        if duckdb is not None:
            peers.append(duckdb.hand(sql, rows))
    seconds, row = min(ours, key=lambda one: one[0])
    row.work += f', {rows:,} rows'
    row.ours += f', {rate(BARS / seconds)} bars'
    row.peer = f'DuckDB {min(peers):.2f} s; as CSV: {duckdb.print(sql):.2f} s' if peers else ''
    return ratio(row, min(peers) if peers else 0, seconds if peers else None, TIMES, "a fifth of DuckDB's time")


def summaries(bench):
    held(bench, [(f'{work} by {period} of {BARS:,} bars', path.format(period), sql.format(period, numbers))
                 for work, path, sql in (('averages', AVERAGES_PATH, AVERAGES), ('summaries', SUMMARY_PATH, SUMMARY))
                 for period, numbers in NUMBERS.items()])


def moving_averages(bench):
    windows = ','.join(map(str, WINDOWS))
    held(bench, [(f'moving averages over {windows} of {BARS:,} bars', f'/v1/prices/moving-averages?windows={windows}', MOVING)])
