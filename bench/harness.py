"""What the rows share: programs, data, a server, and one run of the client."""
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / 'build/bench'
SECMASTER = BUILD / 'secmaster'
CLIENT = BUILD / 'tests/support/load_client'
GENERATE = BUILD / 'bench/bench_generate'
EMPTY = BUILD / 'bench/bench_empty_handler'
SQLITE = BUILD / 'bench/bench_sqlite'

FACTS = int(os.environ.get('FACTS', '2043686'))
SECONDS = int(os.environ.get('SECONDS', '3'))
POSITIONS = int(os.environ.get('POSITIONS', '1000000'))
SECURITIES = 10000 if FACTS == 2043686 else 1 + FACTS // 204
CSV, NDJSON, JSON = 'text/csv', 'application/x-ndjson', 'application/json'
READY_SECONDS = 3600  # an index of 100 M facts may have to be built
TICKS = os.sysconf('SC_CLK_TCK')


class Failed(Exception):
    """The server did what it must not: no figure is worth anything."""


@dataclasses.dataclass
class Used:
    """What a process has used so far."""
    cpu_us: float
    written: int

    def __sub__(self, before):
        return Used(self.cpu_us - before.cpu_us, self.written - before.written)


def used_by(proc):
    """Of a process by its directory under /proc."""
    fields = (proc / 'stat').read_text().rsplit(')', 1)[1].split()
    written = re.search(r'^write_bytes: (\d+)', (proc / 'io').read_text(), re.M)
    return Used((int(fields[11]) + int(fields[12])) * 1e6 / TICKS, int(written.group(1)))


class Program:
    """Something that prints where it listens."""

    def __init__(self, *words):
        began = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.start_seconds = time.monotonic() - began
        found = re.search(r':(\d+)\s*$', line)
        if not found:
            raise Failed(f'{words[0]} did not start: {line!r}')
        self.port = found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def _proc(self, name):
        return pathlib.Path(f'/proc/{self.process.pid}/{name}').read_text()

    def used(self):
        return used_by(pathlib.Path(f'/proc/{self.process.pid}'))

    def memory_mib(self, name='VmRSS'):
        return int(re.search(rf'{name}:\s+(\d+)', self._proc('status')).group(1)) / 1024

    def anonymous_mib(self):
        """Without the pages of mapped files, which the kernel may take back."""
        return self.memory_mib('RssAnon')


class Server(Program):
    def __init__(self, data, *flags):
        self.data = data
        super().__init__(SECMASTER, 'serve', '--data', data, '--listen', '127.0.0.1:0', *flags)

    def metric(self, name):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/metrics') as answer:
            text = answer.read().decode()
        return float(re.search(rf'^{name} (\S+)$', text, re.M).group(1))

    def wait_for_merger(self):
        while self.metric('secmaster_sealed_memtables') > 0:
            time.sleep(0.05)


def empty_handler():
    return Program(EMPTY)


def start_client(program, **options):
    """The client at work; client_report waits for its end."""
    words = [CLIENT, '--port', program.port]
    for name, value in ({'seconds': SECONDS} | options).items():
        words += [f'--{name}', str(value)]
    return subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def client_report(client, status):
    out, said = client.communicate()
    if client.returncode != 0:
        raise Failed(f'the client ended with {client.returncode}: {said}')
    got = json.loads(out)
    # A full store answers 503 and is asked again; anything else is a fault.
    if got['cut'] + got['reconnects'] or not set(got['statuses']) <= {str(status), '503'} or got['answered'] == 0:
        raise Failed(f'not all answers were {status}: {got}')
    got['busy'] = got['statuses'].get('503', 0)
    got['rate'] = (got['answered'] - got['busy']) / got['seconds']
    return got


def load(program, status=200, **options):
    """One run of the client, and what the server used meanwhile an answer."""
    before = program.used()
    got = client_report(start_client(program, **options), status)
    used = program.used() - before
    got['server_cpu_us'] = used.cpu_us / got['answered']
    got['server_written'] = used.written
    return got


def one(program, path, status=200, **options):
    """One request, as fast as it goes."""
    return load(program, status, path=path, seconds=0, requests=1, **options)


def generated(work, kind, *options, name=None):
    """A file of the generator's, made when it is not there yet."""
    path = work / (name or kind)
    if not path.exists():
        with open(path, 'wb') as out:
            subprocess.run([GENERATE, kind, *map(str, options)], stdout=out, check=True)
    return path


def facts_file(work, kind):
    return generated(work, kind, '--facts', FACTS, '--securities', SECURITIES)


def positions_file(work, kind):
    return generated(work, kind, '--facts', POSITIONS, '--securities', SECURITIES)


def post_facts(server, path, clients, kind):
    """All facts of a file, 1,000 a POST."""
    return load(server, 201, clients=clients, seconds=0, path='/v1/facts', bodies=path, type=CSV if kind == 'csv' else JSON,
                lines=1000 if kind == 'csv' else 1)


def reindex(data, *options):
    began = time.monotonic()
    subprocess.run([SECMASTER, 'reindex', data, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def disk_bytes(data, part):
    return sum(f.stat().st_blocks * 512 for f in (data / part).iterdir())
