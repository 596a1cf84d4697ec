"""The peers: SQLite in process, PostgreSQL over its socket, without HTTP."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import harness

SETTINGS = '''
listen_addresses = ''
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
max_connections = 50
autovacuum = off
'''
SCRIPTS = {
    'as-of': r'''\set s random(1, {securities})
\set d random(200, 9999)
SELECT * FROM rows WHERE security_id = :s AND effective_start_date <= date '1998-01-01' + CAST(:d AS int) ORDER BY effective_start_date DESC LIMIT 1;
''',
    'history': r'''\set s random(1, {securities})
SELECT * FROM rows WHERE security_id = :s ORDER BY effective_start_date;
''',
    'post': r'''\set s random(1, {securities})
\set d random(0, 1800)
INSERT INTO facts VALUES (:s, 'ticker', 'X', date '2026-01-01' + CAST(:d AS int))
  ON CONFLICT (security_id, attribute, effective_date) DO UPDATE SET value = excluded.value;
''',
    # What a type-2 table asks for: the value goes on into all rows up to the
    # next fact of the attribute.
    'late': r'''\set s random(1, {securities})
\set d random(200, 560)
BEGIN;
INSERT INTO facts VALUES (:s, 'ticker', 'X', date '1998-01-01' + CAST(:d AS int))
  ON CONFLICT (security_id, attribute, effective_date) DO UPDATE SET value = excluded.value;
UPDATE rows SET ticker = 'X' WHERE security_id = :s AND effective_start_date >= date '1998-01-01' + CAST(:d AS int)
  AND effective_start_date < (SELECT coalesce(min(effective_date), 'infinity') FROM facts
    WHERE security_id = :s AND attribute = 'ticker' AND effective_date > date '1998-01-01' + CAST(:d AS int));
COMMIT;
''',
}


def sqlite(work):
    """{row: its line} of SQLite, {} where it is not built."""
    if not harness.SQLITE.exists():
        return {}
    path = work / 'peer.sqlite'
    out = subprocess.run([harness.SQLITE, path, str(harness.FACTS), str(harness.SECURITIES), str(harness.SECONDS)], check=True,
                         capture_output=True, text=True).stdout
    for file in work.glob('peer.sqlite*'):
        file.unlink()
    return {row['row']: row for row in map(json.loads, out.splitlines())}


def _as_postgres():
    """PostgreSQL refuses root."""
    return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] if os.geteuid() == 0 else []


class Postgres:
    """A cluster of our own, with its defaults for durability. It idles beside
    us and each of its rows runs next to ours, as a disk's speed changes."""

    def __init__(self):
        found = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin/initdb'))
        self.bin = found[-1].parent
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='bench-pg-', dir='/var/tmp'))
        if os.geteuid() == 0:
            shutil.chown(self.dir, 'postgres', 'postgres')
        self._run('initdb', '-D', self.dir / 'data', '-A', 'trust', '-U', 'postgres', '--no-locale', '-E', 'UTF8')
        with open(self.dir / 'data/postgresql.conf', 'a') as out:
            out.write(SETTINGS)
        self._run('pg_ctl', '-D', self.dir / 'data', '-w', '-l', self.dir / 'log', '-o', f'-k {self.dir}', 'start')

    def close(self):
        self._run('pg_ctl', '-D', self.dir / 'data', '-m', 'immediate', 'stop')
        shutil.rmtree(self.dir)

    def _run(self, program, *words, **more):
        done = subprocess.run([*_as_postgres(), self.bin / program, *map(str, words)], cwd='/', capture_output=True, text=True,
                              check=False, **more)
        if done.returncode != 0:
            raise harness.Failed(f'{program}: {done.stderr[-400:]}')
        return done.stdout

    def sql(self, text, **more):
        return self._run('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', self.dir, '-U', 'postgres', '-c', text, **more)

    def timed(self, text, path=None):
        began = time.monotonic()
        if path is None:
            self.sql(text)
        else:
            with open(path) as file:
                self.sql(text, stdin=file)
        return time.monotonic() - began

    def bench(self, row, clients):
        """Transactions a second."""
        script = self.dir / f'{row}.sql'
        script.write_text(SCRIPTS[row].format(securities=harness.SECURITIES))
        script.chmod(0o644)
        said = self._run('pgbench', '-n', '-M', 'prepared', '-h', self.dir, '-U', 'postgres', '-c', clients, '-j', min(clients, 2),
                         '-T', harness.SECONDS, '-f', script, 'postgres')
        return float(re.search(r'tps = ([\d.]+)', said).group(1))


    def load(self, work):
        """All facts, and their type-2 rows, which are not measured."""
        names = harness.facts_file(work, 'rows').open().readline().strip().split(',')[3:]
        self.sql('CREATE TABLE facts (security_id bigint, attribute text, value text, effective_date date,'
                 ' PRIMARY KEY (security_id, attribute, effective_date))')
        self.sql('CREATE TABLE rows (security_id bigint, effective_start_date date, effective_end_date date,'
                 + ''.join(f'{name} text, ' for name in names) + 'PRIMARY KEY (security_id, effective_start_date))')
        self.bulk_rate = harness.FACTS / self.timed('COPY facts FROM STDIN (FORMAT csv, HEADER)', harness.facts_file(work, 'csv'))
        self.bytes_a_fact = float(self.sql("COPY (SELECT pg_total_relation_size('facts')) TO STDOUT")) / harness.FACTS
        self.timed('COPY rows FROM STDIN (FORMAT csv, HEADER)', harness.facts_file(work, 'rows'))
        self.sql('VACUUM ANALYZE')
        self.sql('CHECKPOINT')

    def asset_class_seconds(self):
        return self.timed("COPY (SELECT * FROM rows WHERE asset_class = 'equity' ORDER BY 1, 2) TO STDOUT (FORMAT csv)")


def postgres(work):
    """A loaded cluster, to be closed; None where it is not installed."""
    if not list(pathlib.Path('/usr/lib/postgresql').glob('*/bin/initdb')) or shutil.which('setpriv') is None:
        return None
    peer = Postgres()
    try:
        peer.load(work)
    except BaseException:
        peer.close()
        raise
    return peer
