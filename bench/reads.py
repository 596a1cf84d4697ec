"""Rows that read: one security, tables, joins."""
import harness
from harness import CSV, NDJSON, SECURITIES, load, one
from report import Row, latency, measured, rate, ratio, within

DAYS = '{day:1999-2024}'
ANY = f'{{r:1-{SECURITIES}}}'
AS_OF = f'/v1/securities/{ANY}?as_of={DAYS}'
HISTORY = f'/v1/securities/{ANY}/history'
CLIENTS = 32
SHALLOW, DEEP = 1000, 16  # securities


def beside_empty(server, empty, path):
    """A rate between two of the empty handler, with bodies of its size."""
    probe = load(server, clients=CLIENTS, path=path, seconds=1)
    size = probe['body_bytes'] // probe['answered']
    before = load(empty, clients=CLIENTS, path=f'/{size}')
    got = load(server, clients=CLIENTS, path=path)
    after = load(empty, clients=CLIENTS, path=f'/{size}')
    floor = (before['rate'] + after['rate']) / 2
    cpu = (before['server_cpu_us'] + after['server_cpu_us']) / 2
    times = got['server_cpu_us'] / cpu
    return got, floor, times, Row(f'empty handler, {size:,} bytes', rate(floor), latency(before), f'{cpu:.1f}')


def as_of(bench):
    with harness.empty_handler() as empty:
        got, floor, times, row = beside_empty(bench.server, empty, AS_OF)
    bench.add(row)
    row = ratio(measured('as-of row, 32 clients', got, peer=f'empty handler {rate(floor)}'), got['rate'], floor, 0.7,
                '>= 70 % of the empty handler')
    row.ratio += f', {times:.1f}x its CPU'
    bench.add(row)
    for name, peer in (('PostgreSQL, no HTTP', bench.postgres_rate('as-of', CLIENTS)),
                       ('SQLite in process', bench.sqlite.get('as-of', {}).get('rate'))):
        if peer is not None:
            bench.add(Row('as-of row, 32 clients', rate(got['rate']), peer=f'{name} {rate(peer)}', ratio=f'{got["rate"] / peer:.2f}'))


def history(bench):
    with harness.empty_handler() as empty:
        got, floor, times, row = beside_empty(bench.server, empty, HISTORY)
    bench.add(row)
    peer = bench.sqlite.get('history', {}).get('rate')
    bench.add(ratio(measured('history of ~100 rows, 32 clients', got, peer=f'SQLite in process {rate(peer)}' if peer else ''), got['rate'],
                    peer, 2))
    bench.add(Row('history of ~100 rows, 32 clients', rate(got['rate']), peer=f'empty handler {rate(floor)}',
                  ratio=f'{got["rate"] / floor:.2f}, {times:.1f}x its CPU'))
    peer = bench.postgres_rate('history', CLIENTS)
    if peer is not None:
        bench.add(Row('history of ~100 rows, 32 clients', rate(got['rate']), peer=f'PostgreSQL, no HTTP {rate(peer)}',
                      ratio=f'{got["rate"] / peer:.2f}'))


def streamed(bench, work, path, accept, turns=3, **options):
    """The best of some turns of a whole table, and its row."""
    gots = [one(bench.server, path, accept=accept, **options) for _ in range(turns)]
    got = min(gots, key=lambda g: g['seconds'])
    rows = got['body_lines'] - (accept == CSV)
    seconds = got['seconds']
    row = Row(work, f'{seconds:.2f} s, {rate(rows / seconds)} rows, {got["body_bytes"] / seconds / 1e6:,.0f} MB/s',
              f'first byte {got["first_p50_us"] / 1000:.1f}', f'{got["server_cpu_us"] / 1e6:.2f} s; client {got["cpu_us"] / 1e6:.2f} s')
    return rows, seconds, row


def cross_section(bench):
    day = '2020-01-01'
    got = load(bench.server, clients=1, path=f'/v1/securities?as_of={DAYS}')
    bench.add(measured('cross-section, JSON page of 1,000, 1 client', got))
    for name, accept in (('NDJSON', NDJSON), ('CSV', CSV)):
        rows, _, row = streamed(bench, f'cross-section, {name}, all {SECURITIES:,}', f'/v1/securities?as_of={day}', accept)
        if rows != SECURITIES:
            raise harness.Failed(f'{rows} rows, not {SECURITIES}')
        bench.add(row)


def asset_class(bench):
    peer = bench.postgres.asset_class_seconds() if bench.postgres else None
    for name, accept in (('NDJSON', NDJSON), ('CSV', CSV)):
        rows, seconds, row = streamed(bench, f'asset-class view, {name}', '/v1/asset-classes/equity', accept)
        row.work += f', {rows:,} rows'
        if name == 'CSV' and peer is not None:
            row.peer, row.ratio = f'PostgreSQL COPY {peer:.2f} s', f'{peer / seconds:.2f}'
        bench.add(within(row, seconds, 0.5))


def join(bench):
    for name, accept, most in (('CSV', CSV, 1.0), ('NDJSON', NDJSON, 1.5)):
        path = harness.positions_file(bench.work, f'positions-{name.lower()}')
        rows, seconds, row = streamed(bench, f'join of {harness.POSITIONS:,} positions, {name}, upload included', '/v1/positions/join',
                                      accept, bodies=path, lines=0, type=accept)
        row.work += f', {rows:,} rows'
        bench.add(within(row, seconds, most))


def deep(bench):
    """As-of among 10,000 dates, and the same at once among 100."""
    data = bench.work / 'deep'
    files = [harness.generated(bench.work, 'csv', '--facts', facts, '--securities', securities, '--dates', dates, '--first-id', first,
                               name=f'deep-{dates}')
             for facts, securities, dates, first in ((204000, SHALLOW, 100, 1), (320000, DEEP, 10000, SHALLOW + 1))]
    with harness.Server(data) as server:
        for file in files:
            harness.post_facts(server, file, 8, 'csv')
    harness.reindex(data)
    with harness.Server(data) as server:
        shallow = load(server, clients=8, path=f'/v1/securities/{{r:1-{SHALLOW}}}?as_of={DAYS}')
        got = load(server, clients=8, path=f'/v1/securities/{{r:{SHALLOW + 1}-{SHALLOW + DEEP}}}?as_of={DAYS}')
    row = measured('as-of row, 10,000 dates in the security, 8 clients', got, peer=f'with 100 dates {rate(shallow["rate"])}')
    row.goal, times = '<= 3x the time', shallow['rate'] / got['rate']
    row.ratio, row.met = f'{times:.2f}x the time', times <= 3
    bench.add(row)


def start(bench):
    """Start-up when everything is in the index."""
    bench.add(Row('start-up, all in the index', f'{bench.server.start_seconds * 1000:.0f} ms'))
    bench.add(Row('memory behind the reads', f'{bench.server.memory_mib():,.0f} MiB, of it {bench.server.anonymous_mib():,.0f} MiB not files'))
