#!/usr/bin/python3
"""Rates of the release build beside an empty handler's, all in one run.

Absolute figures move with the machine; the ratios are what counts. Writes
bench/results.md. FACTS and SECONDS in the environment change the size.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / 'build/release/secmaster'
CLIENT = ROOT / 'build/dev/tests/support/load_client'
FACTS = int(os.environ.get('FACTS', '400000'))
SECONDS = os.environ.get('SECONDS', '3')
SECURITIES = 10000
ATTRIBUTES = 20
PEER = 'empty handler (/livez)'


def generate(path, seed=20240229):
    """Shuffled facts: 10,000 securities, 20 attributes, 27 years of days."""
    rng = random.Random(seed)
    with open(path, 'w') as out:
        out.write('security_id,attribute,value,effective_date\n')
        for _ in range(FACTS):
            day = rng.randrange(10000)
            out.write(f'{rng.randrange(SECURITIES)},attribute_{rng.randrange(ATTRIBUTES)},'
                      f'{rng.randrange(100000)},{1998 + day // 372}-{day // 31 % 12 + 1:02}-{day % 28 + 1:02}\n')


def load(port, clients, mode, path, body=''):
    """The client's own line of JSON about one run."""
    out = subprocess.run([CLIENT, '--port', port, '--clients', str(clients), '--seconds', SECONDS, '--mode', mode,
                          '--path', path, '--body', body], check=True, capture_output=True, text=True).stdout
    got = json.loads(out)
    return got | {'rate': got['answered'] / got['seconds']}


def resident_mib(pid):
    text = pathlib.Path(f'/proc/{pid}/status').read_text()
    return int(text.split('VmRSS:')[1].split()[0]) / 1024


def measure(work):
    csv, data = work / 'facts.csv', work / 'data'
    generate(csv)
    server = subprocess.Popen([BINARY, 'serve', '--data', data, '--listen', '127.0.0.1:0'], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    port = server.stdout.readline().strip().rsplit(':', 1)[1]
    began = time.monotonic()
    subprocess.run([BINARY, 'load', csv, '--url', f'http://127.0.0.1:{port}', '--batch', '1000'], check=True,
                   stdout=subprocess.DEVNULL)
    bulk = FACTS / (time.monotonic() - began)
    rows = []
    fact = '{"facts":[{"security_id":{n},"attribute":"ticker","value":"X","effective_date":"2024-01-01"}]}'
    for name, clients, mode, path, body in (
            (PEER, 32, 'get', '/livez', ''),
            ('as-of row', 32, 'get', '/v1/securities/5000?as_of=2012-06-01', ''),
            ('history (about 40 rows)', 32, 'get', '/v1/securities/5000/history', ''),
            ('durable post of one fact', 1, 'post', '/v1/facts', fact),
            ('durable post of one fact', 8, 'post', '/v1/facts', fact),
            ('durable post of one fact', 32, 'post', '/v1/facts', fact),
            ('durable post of one fact', 128, 'post', '/v1/facts', fact)):
        got = load(port, clients, mode, path, body)
        rows.append((name, clients, got))
    size = sum(f.stat().st_blocks * 512 for f in (data / 'journal').iterdir())
    facts = FACTS + sum(got['answered'] for _, _, got in rows if got['mode'] == 'post')
    rss = resident_mib(server.pid)
    server.send_signal(signal.SIGTERM)
    assert server.wait(15) == 0
    return bulk, rows, size, facts, rss


def main():
    with tempfile.TemporaryDirectory(dir=ROOT / 'build') as work:
        bulk, rows, size, facts, rss = measure(pathlib.Path(work))
    base = rows[0][2]['rate']
    lines = ['# What `make bench` printed last', '',
             f'{os.cpu_count()} cores, client and server together, {SECONDS} s a row, {FACTS:,} facts loaded first.', '',
             '| work | clients | answers/s | p50 ms | p99 ms | of the empty handler |', '| --- | --- | --- | --- | --- | --- |']
    for name, clients, got in rows:
        lines.append(f'| {name} | {clients} | {got["rate"]:,.0f} | {got["p50_us"] / 1000:.2f} | {got["p99_us"] / 1000:.2f} '
                     f'| {got["rate"] / base:.0%} |')
    lines += ['', f'- bulk: {bulk:,.0f} facts/s durable, 1,000 a POST, one client (`secmaster load`, CSV)',
              f'- disk: {size / facts:.1f} bytes a fact (journal)', f'- memory: {rss:,.0f} MiB resident behind it']
    text = '\n'.join(lines) + '\n'
    print(text)
    (ROOT / 'bench/results.md').write_text(text)


main()
