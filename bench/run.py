#!/usr/bin/python3
"""Our rates beside an empty handler's and other stores', all in one run.

A whole run writes bench/results.md; docs/performance.md says what the rows
mean. FACTS, POSITIONS, BARS and SECONDS (a row) in the environment change the size;
the words of the command line are the rows to run (all).
"""
import os
import pathlib
import sys
import tempfile
import time

import harness
import peers
import prices
import reads
import report
import writes

# In this order: reads come first while the store is as it was loaded.
ROWS = {
    'bulk': writes.bulk,
    'disk': writes.disk,
    'deep': reads.deep,
    'summaries': prices.summaries,
    'moving-averages': prices.moving_averages,
    'post-bars': writes.post_bars,
    'webhooks': writes.webhooks,
    'start': reads.start,
    'as-of': reads.as_of,
    'history': reads.history,
    'cross-section': reads.cross_section,
    'asset-class': reads.asset_class,
    'join': reads.join,
    'post': writes.post,
    'late': writes.late,
    'latency': writes.side_by_side,
}
WITHOUT_STORE = {'bulk', 'disk', 'deep', 'summaries', 'moving-averages', 'post-bars', 'webhooks'}  # each makes its own
BESIDE_SQLITE = {'as-of', 'history', 'post', 'disk'}
BESIDE_POSTGRES = {'bulk', 'disk', 'as-of', 'history', 'asset-class', 'post', 'late'}


class Bench(report.Bench):
    """The rows, and what they are measured with."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.sqlite, self.postgres = {}, None
        self.server = None
        self.failed = False

    def postgres_rate(self, row, clients):
        return self.postgres and self.postgres.bench(row, clients)

    def fail(self, text):
        self.failed = True
        self.note(f'FAILED: {text}')


def start_peers(bench, names):
    if BESIDE_SQLITE & set(names):
        bench.sqlite = peers.sqlite(bench.work)
        if not bench.sqlite:
            bench.note('SQLite: not built (libsqlite3-dev is missing)')
    if BESIDE_POSTGRES & set(names):
        bench.postgres = peers.postgres(bench.work)
        if bench.postgres is None:
            bench.note('PostgreSQL: not installed (the package postgresql)')


def make_store(bench):
    """All facts, all of them in the index."""
    data = bench.work / 'data'
    with harness.Server(data) as server:
        harness.post_facts(server, harness.facts_file(bench.work, 'csv'), 8, 'csv')
    harness.reindex(data)
    return data


def run_row(bench, name):
    """A row that fails does not take the others' figures with it."""
    try:
        ROWS[name](bench)
    except harness.Failed as failed:
        bench.fail(f'{name}: {failed}')


def run(bench, names):
    for name in names:
        if name in WITHOUT_STORE:
            run_row(bench, name)
    names = [name for name in names if name not in WITHOUT_STORE]
    if not names:
        return
    with harness.Server(make_store(bench)) as bench.server:
        for name in names:
            run_row(bench, name)


def main():
    wanted = [word for words in sys.argv[1:] for word in words.split(',') if word]
    unknown = set(wanted) - set(ROWS)
    if unknown:
        sys.exit(f'no such rows: {", ".join(sorted(unknown))}; there are {", ".join(ROWS)}')
    names = [name for name in ROWS if name in wanted or not wanted]
    began = time.monotonic()
    (harness.ROOT / 'build').mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=harness.ROOT / 'build', prefix='bench-') as work:
        bench = Bench(pathlib.Path(work))
        try:
            start_peers(bench, names)
            run(bench, names)
        finally:
            if bench.postgres is not None:
                bench.postgres.close()
    bench.note(f'the whole run took {time.monotonic() - began:.0f} s, load average behind it {os.getloadavg()[0]:.1f}')
    settings = f'{harness.SECONDS} s a row, {harness.FACTS:,} facts of {harness.SECURITIES:,} securities'
    if wanted:
        settings += f', only {", ".join(names)}'
    text = report.render('make bench', bench, settings)
    if not wanted:
        (harness.ROOT / 'bench/results.md').write_text(text)
    print('\n' + text)
    sys.exit(bench.failed)


main()
