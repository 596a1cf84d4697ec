"""Rows that write: single facts, late ones, in bulk; and both beside reads."""
import base64
import json
import os
import shutil
import time

import harness
from harness import FACTS, SECURITIES, Server, client_report, load, start_client
from reads import AS_OF
from report import Row, latency, measured, rate, ratio

ANY = f'{{r:1-{SECURITIES}}}'
NEW = f'{{"facts":[{{"security_id":{ANY},"attribute":"ticker","value":"X{{n}}","effective_date":"{{day:2026-2030}}"}}]}}'
LATE = NEW.replace('2026-2030', '1999-1999')
BAR = '{{"prices":[{{"security_id":{{r:{0}00001-{0}99999}},"date":"{{day:1999-2024}}","open":10.25,"high":11,"low":9.5,"close":10.5,"volume":{{n}}}}]}}'
POST = {'path': '/v1/facts', 'mode': 'post'}


def flushes(work):
    """What the disk gives: a page written and flushed, again and again."""
    page, path = bytes(4096), work / 'flushes'
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.pwrite(fd, bytes(1 << 20), 0)
    os.fsync(fd)
    count, began = 0, time.monotonic()
    while time.monotonic() - began < 1:
        os.pwrite(fd, page, count % 256 * 4096)
        os.fdatasync(fd)
        count += 1
    os.close(fd)
    path.unlink()
    return count / (time.monotonic() - began)


def post(bench):
    bench.add(Row('the disk: a page written and flushed', rate(flushes(bench.work))))
    for clients in (1, 8, 32, 128):
        got = load(bench.server, 201, clients=clients, body=NEW, **POST)
        row = measured(f'durable POST of one fact, clients: {clients}', got)
        if clients in (8, 32):
            peer = bench.postgres_rate('post', clients)
            row.peer = f'PostgreSQL, no HTTP {rate(peer)}' if peer else ''
            row = ratio(row, got['rate'], peer, 2)
        elif clients == 1 and 'post' in bench.sqlite:
            sqlite = bench.sqlite['post']['rate']
            row.peer, row.ratio = f'SQLite in process {rate(sqlite)}', f'{got["rate"] / sqlite:.2f}'
        bench.add(row)


def post_bars(bench):
    """Single bars, each of other securities: none is sent twice."""
    with Server(bench.work / 'single-bars') as server:
        for clients in (1, 8, 32):
            body = BAR.format(clients)
            got = load(server, 201, clients=clients, body=body, path='/v1/prices', mode='post')
            bench.add(measured(f'durable POST of one bar, clients: {clients}', got))


def webhooks(bench):
    """Signed deliveries of one fact, each stored with its id, beside the same fact posted."""
    secret = 'whsec_' + base64.b64encode(bytes(24)).decode()
    os.environ['BENCH_WEBHOOK'] = os.environ['BENCH_KEY'] = secret
    config = bench.work / 'vendors.json'
    config.write_text(json.dumps({'vendors': [{'name': 'pushing', 'adapter': 'massive', 'base_url': 'http://127.0.0.1:1', 'key_env': 'BENCH_KEY',
                                               'datasets': {'tickers': {}}, 'webhook_secret_env': 'BENCH_WEBHOOK'}]}))
    with Server(bench.work / 'webhooks', '--config', config) as server:
        for clients in (1, 8, 32):
            # Turn by turn: the disk is another one every few seconds.
            posts, pushes = [], []
            for _ in range(2):
                posts.append(load(server, 201, clients=clients, body=NEW, **POST))
                pushes.append(load(server, 204, clients=clients, body=NEW, path='/v1/webhooks/pushing', mode='post', sign=secret))
            got, other = pushes[1], sum(one['rate'] for one in posts) / len(posts)
            got['rate'] = sum(one['rate'] for one in pushes) / len(pushes)
            bench.add(measured(f'signed delivery of one fact, clients: {clients}', got, peer=f'the fact posted {rate(other)}', ratio=f'{got["rate"] / other:.2f}'))


def late(bench):
    for clients in (1, 8):
        # Turn by turn: the disk is another one every few seconds.
        turns = [[load(bench.server, 201, clients=clients, body=body, **POST) for body in (NEW, LATE)] for _ in range(2)]
        other = sum(turn[0]['rate'] for turn in turns) / len(turns)
        got = turns[1][1]
        got['rate'] = sum(turn[1]['rate'] for turn in turns) / len(turns)
        bench.add(ratio(measured(f'late fact, clients: {clients}', got, peer=f'any other fact {rate(other)}'), got['rate'], other, 0.9,
                        'the same rate (>= 0.9)'))
        peer = bench.postgres_rate('late', clients)
        row = Row(f'late fact, clients: {clients}', rate(got['rate']), peer=f'PostgreSQL with a cascade {rate(peer)}' if peer else '')
        bench.add(ratio(row, got['rate'], peer, 8))


def bulk(bench):
    """Each into a store of its own; the last one is kept for its size."""
    peer = bench.postgres.bulk_rate if bench.postgres else None
    for kind, clients in (('json', 1), ('json', 8), ('csv', 1), ('csv', 8)):
        shutil.rmtree(bench.work / 'bulk', ignore_errors=True)
        with Server(bench.work / 'bulk') as server:
            path = harness.facts_file(bench.work, kind)
            before, began = server.used(), time.monotonic()
            got = harness.post_facts(server, path, clients, kind)
            server.wait_for_merger()
            used, merged = server.used() - before, time.monotonic() - began
            facts = FACTS / got['seconds']
            row = Row(f'{FACTS:,} facts, 1,000 a POST, {kind.upper()}, clients: {clients}', f'{rate(facts)} facts', latency(got),
                      f'{used.cpu_us / FACTS:.2f} a fact', goal='>= 1 M facts/s', met=facts >= 1e6)
            if peer is not None:
                row.peer, row.ratio = f'PostgreSQL COPY {rate(peer)}', f'{facts / peer:.2f}'
            bench.add(row)
            bench.note(f'{kind.upper()}, clients: {clients}: {got["busy"]} times 503; {used.written / FACTS:.1f} bytes written a fact; '
                       f'merger idle {merged - got["seconds"]:.2f} s behind the last answer; client CPU {got["cpu_us"] / 1e6:.2f} s; '
                       f'RSS {server.memory_mib():,.0f} MiB, at most {server.memory_mib("VmHWM"):,.0f}')


def sizes(data):
    journal, index = (harness.disk_bytes(data, part) / FACTS for part in ('journal', 'index'))
    return journal + index, f'{journal + index:.1f} bytes a fact (journal {journal:.1f}, index {index:.1f})'


def disk(bench):
    data = bench.work / 'bulk'
    if not data.exists():
        with Server(data) as server:
            harness.post_facts(server, harness.facts_file(bench.work, 'csv'), 8, 'csv')
            server.wait_for_merger()
    with Server(data) as server:
        held = server.metric('secmaster_memtable_records')
        bench.add(Row('start-up behind a load', f'{server.start_seconds * 1000:.0f} ms, {held:,.0f} records from the journal'))
        bench.add(measured('as-of row there, much of it in memory, 32 clients', load(server, clients=32, path=AS_OF)))
    bench.add(Row('on disk, merger idle', sizes(data)[1]))
    seconds = harness.reindex(data)
    total, text = sizes(data)
    peers = []
    if 'facts_size' in bench.sqlite:
        peers.append(f'SQLite {bench.sqlite["facts_size"]["a_fact"]:.0f}, with its type-2 table {bench.sqlite["size"]["a_fact"]:.0f}')
    if bench.postgres:
        peers.append(f'PostgreSQL {bench.postgres.bytes_a_fact:.0f}')
    bench.add(Row('on disk, all in the index', text, peer='; '.join(peers), goal='<= 40 bytes a fact', met=total <= 40))
    bench.add(Row('reindex', f'{seconds:.2f} s, {rate(FACTS / seconds)} facts'))
    shutil.rmtree(data)


def side_by_side(bench):
    """Readers and writers alone, then both at once, on the same cores."""
    reading = {'clients': 8, 'path': AS_OF}
    writing = {'clients': 8, 'body': NEW, **POST}
    readers, writers = load(bench.server, **reading), load(bench.server, 201, **writing)
    for row in (measured('8 readers alone', readers), measured('8 writers alone', writers)):
        bench.add(row)
    clients = start_client(bench.server, **reading), start_client(bench.server, **writing)
    both = client_report(clients[0], 200), client_report(clients[1], 201)
    for name, got, alone in (('8 readers beside 8 writers', both[0], readers), ('8 writers beside 8 readers', both[1], writers)):
        bench.add(Row(name, rate(got['rate']), latency(got), peer=f'alone p99 {alone["p99_us"] / 1000:.2f} ms',
                      ratio=f'{got["p99_us"] / max(alone["p99_us"], 1):.1f}x the p99'))
    path = harness.generated(bench.work, 'json', '--facts', FACTS, '--securities', SECURITIES, '--seed', 7, name='json-7')
    bulk = start_client(bench.server, clients=4, path='/v1/facts', bodies=path, type=harness.JSON, seconds=SECONDS_OF_BULK)
    beside = client_report(start_client(bench.server, **(reading | {'seconds': SECONDS_OF_BULK})), 200)
    wrote = client_report(bulk, 201)
    bench.add(Row('8 readers beside bulk POSTs', rate(beside['rate']), latency(beside), peer=f'alone p99 {readers["p99_us"] / 1000:.2f} ms',
                  ratio=f'{beside["p99_us"] / max(readers["p99_us"], 1):.1f}x the p99'))
    bench.add(Row('4 bulk writers beside 8 readers', f'{rate(wrote["rate"] * 1000)} facts', latency(wrote)))


SECONDS_OF_BULK = min(harness.SECONDS, 2)
