#!/usr/bin/python3
"""Load 100 M facts once, and read beside a store of 2 M in the same run.

LARGE_FACTS in the environment changes the number, LARGE_MEMTABLE the memory
that load and reindex may take for what is not in the index; LARGE_DIR is where
the store is made (build/, about 50 bytes a fact and as many again while it is merged).
Writes bench/results-large.md.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import harness
import report
from harness import SECONDS, Failed, load
from report import Row, latency, rate

FACTS = int(os.environ.get('LARGE_FACTS', '100000000'))
MEMTABLE = os.environ.get('LARGE_MEMTABLE', str(4 << 30))
SMALL_FACTS = min(FACTS, 2043686)
FACTS_A_SECURITY = 204
DAYS = '{day:1999-2024}'
BATCH = 10000


def securities(facts):
    return 1 + facts // FACTS_A_SECURITY


class Watch(threading.Thread):
    """The most memory a process ever had, by what the kernel still tells."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status = pathlib.Path(f'/proc/{pid}/status')
        self.peak, self.anonymous, self.cpu_us, self.written = 0, 0, 0, 0
        self.proc = self.status.parent
        self.start()

    def look(self):
        text = self.status.read_text()
        self.peak = int(re.search(r'VmHWM:\s+(\d+)', text).group(1)) / 1024
        self.anonymous = max(self.anonymous, int(re.search(r'RssAnon:\s+(\d+)', text).group(1)) / 1024)
        used = harness.used_by(self.proc)
        self.cpu_us, self.written = used.cpu_us, used.written

    def run(self):
        try:
            while True:
                self.look()
                time.sleep(0.2)
        except (OSError, AttributeError):
            pass  # it has ended


def load_store(bench, data, facts):
    """secmaster load from the generator's pipe; no file of the facts."""
    generator = subprocess.Popen([harness.GENERATE, 'csv', '--facts', str(facts), '--securities', str(securities(facts))],
                                 stdout=subprocess.PIPE)
    began = time.monotonic()
    loader = subprocess.Popen([harness.SECMASTER, 'load', '-', '--format', 'csv', '--data', data, '--batch', str(BATCH),
                               '--memtable-bytes', MEMTABLE],
                              stdin=generator.stdout, stdout=subprocess.PIPE, text=True)
    watch = Watch(loader.pid)
    generator.stdout.close()
    said, _ = loader.communicate()
    seconds = time.monotonic() - began
    if loader.returncode != 0 or f'stored {facts},' not in said or generator.wait() != 0:
        raise Failed(f'load: {said}')
    bench.add(Row(f'load of {facts:,} facts, {BATCH:,} a batch, memtables of {int(MEMTABLE) >> 20:,} MiB', f'{seconds:.1f} s, {rate(facts / seconds)} facts',
                  cpu=f'{watch.cpu_us / facts:.2f} a fact'))
    bench.add(Row(f'memory of that load, {facts:,} facts', f'{watch.peak:,.0f} MiB at most, of it {watch.anonymous:,.0f} MiB not files'))
    bench.add(Row(f'written by that load, {facts:,} facts', f'{watch.written / facts:.1f} bytes a fact'))


def tell_size(bench, data, facts, when):
    journal, index = (harness.disk_bytes(data, part) for part in ('journal', 'index'))
    bench.add(Row(f'on disk, {when}, {facts:,} facts', f'{(journal + index) / 1e9:.2f} GB, {(journal + index) / facts:.1f} bytes a fact '
                  f'(journal {journal / facts:.1f}, index {index / facts:.1f})'))


def tell_start(bench, server, facts, when):
    bench.add(Row(f'start-up, {when}, {facts:,} facts', f'{server.start_seconds:.2f} s, '
                  f'{server.metric("secmaster_memtable_records"):,.0f} records from the journal, '
                  f'RSS {server.memory_mib():,.0f} MiB, not files {server.anonymous_mib():,.0f}'))


def read_both(bench, large, small):
    """Turn by turn, so that both meet the same machine."""
    for name, path in (('as-of row', f'/v1/securities/{{r:1-%d}}?as_of={DAYS}'), ('history', '/v1/securities/{r:1-%d}/history')):
        for clients in (1, 32):
            gots = [[], []]
            for turn in range(3):
                for place, (server, facts) in enumerate(((large, FACTS), (small, SMALL_FACTS))):
                    gots[place].append(load(server, clients=clients, path=path % securities(facts), seed=turn + 1))
            best = [max(got, key=lambda g: g['rate']) for got in gots]
            times = best[1]['rate'] / best[0]['rate']
            row = Row(f'{name}, clients: {clients}', rate(best[0]['rate']), latency(best[0]), f'{best[0]["server_cpu_us"]:.1f}',
                      f'{SMALL_FACTS:,} facts: {rate(best[1]["rate"])}, {best[1]["server_cpu_us"]:.1f} us', f'{times:.2f}x the time')
            if name == 'as-of row':
                row.goal, row.met = '<= 1.5x the time', times <= 1.5
            bench.add(row)


def warm(server, facts):
    """Each security once or so: the disk's cache is not what is compared."""
    load(server, clients=32, seconds=max(SECONDS, 5), path=f'/v1/securities/{{r:1-{securities(facts)}}}/history', seed=99)


def measure(bench, work):
    stores = {facts: work / str(facts) for facts in {FACTS, SMALL_FACTS}}
    for facts, data in stores.items():
        load_store(bench, data, facts)
        tell_size(bench, data, facts, 'behind the load')
        with harness.Server(data) as server:
            tell_start(bench, server, facts, 'behind the load')
        seconds = harness.reindex(data, '--memtable-bytes', MEMTABLE)
        bench.add(Row(f'reindex, {facts:,} facts', f'{seconds:.1f} s, {rate(facts / seconds)} facts'))
        tell_size(bench, data, facts, 'all in the index')
    with harness.Server(stores[FACTS]) as large, harness.Server(stores[SMALL_FACTS]) as small:
        tell_start(bench, large, FACTS, 'all in the index')
        warm(large, FACTS)
        warm(small, SMALL_FACTS)
        read_both(bench, large, small)
        bench.add(Row(f'memory behind the reads, {FACTS:,} facts',
                      f'RSS {large.memory_mib():,.0f} MiB, not files {large.anonymous_mib():,.0f}'))


def main():
    bench = report.Bench()
    base = pathlib.Path(os.environ.get('LARGE_DIR', harness.ROOT / 'build'))
    free = shutil.disk_usage(base).free
    if free < FACTS * 150:
        sys.exit(f'{base} has {free / 1e9:.0f} GB free; {FACTS * 150 / 1e9:.0f} are needed')
    with tempfile.TemporaryDirectory(dir=base, prefix='bench-large-') as work:
        measure(bench, pathlib.Path(work))
    text = report.render('make bench-100m', bench, f'{SECONDS} s a row, {FACTS:,} facts of {securities(FACTS):,} securities')
    (harness.ROOT / 'bench/results-large.md').write_text(text)
    print('\n' + text)


main()
