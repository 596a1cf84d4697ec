"""The rows of the benchmark as a table: ours, the peer's, the goal."""
import dataclasses
import os
import platform
import subprocess


@dataclasses.dataclass
class Row:
    work: str
    ours: str
    latency: str = ''  # p50 / p99 / max
    cpu: str = ''      # of the server, an answer
    peer: str = ''
    ratio: str = ''
    goal: str = ''
    met: bool | None = None  # None: nothing to meet

    def cells(self):
        verdict = {True: 'yes', False: '**no**', None: ''}[self.met]
        return self.work, self.ours, self.latency, self.cpu, self.peer, self.ratio, self.goal, verdict


HEAD = ('work', 'ours', 'p50 / p99 / max ms', 'server CPU us', 'peer', 'ratio', 'goal', 'met')


class Bench:
    """The rows so far; they are shown as they come."""

    def __init__(self):
        self.rows, self.notes = [], []

    def add(self, row):
        self.rows.append(row)
        print(' | '.join(cell for cell in row.cells() if cell), flush=True)

    def note(self, text):
        self.notes.append(text)
        print(f'- {text}', flush=True)


def rate(number):
    if number >= 1e6:
        return f'{number / 1e6:.2f} M/s'
    return f'{number / 1000:.1f} k/s' if number >= 1000 else f'{number:.0f}/s'


def latency(got):
    return ' / '.join(f'{got[name] / 1000:.2f}' for name in ('p50_us', 'p99_us', 'max_us'))


def measured(work, got, **more):
    """A row about a rate of answers."""
    return Row(work, rate(got['rate']), latency(got), f'{got["server_cpu_us"]:.1f}', **more)


def ratio(row, ours, peers, least, text=None):
    """Hold ours against a peer's that may not be there."""
    row.goal = text or f'>= {least:g}x'
    if peers is None:
        row.peer = row.peer or 'not installed'
        return row
    row.ratio = f'{ours / peers:.2f}'
    row.met = ours / peers >= least
    return row


def within(row, seconds, most):
    row.goal = f'<= {most:g} s'
    row.met = seconds <= most
    return row


def _line(cells):
    return '| ' + ' | '.join(cells) + ' |'


def render(command, bench, settings):
    commit = subprocess.run(['git', 'describe', '--always', '--dirty'], capture_output=True, text=True, check=False).stdout.strip()
    lines = [f'# What `{command}` printed last', '',
             f'{os.cpu_count()} cores, Linux {platform.release()}, client, server and peers together; {settings}; commit {commit or "unknown"}.',
             'What each row means is in docs/performance.md. Times move with the machine; ratios are of one run.', '',
             _line(HEAD), _line(['---'] * len(HEAD))]
    lines += [_line(row.cells()) for row in bench.rows]
    short = [row.work for row in bench.rows if row.met is False]
    lines += [''] + [f'- {note}' for note in bench.notes]
    lines += [f'- Short of their goal: {"; ".join(short)}.' if short else '- No goal that was measured is missed.']
    return '\n'.join(lines) + '\n'
