#!/usr/bin/python3
"""Each check of `make check` must be red over a planted fault, and green
without it."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FILES = ['openapi.yaml', 'api/routes.def', 'api/problems.def',
         'include/secmaster/bounds.h']
LONG = 'int\nlong_one(void)\n{\n' + '    work();\n' * 71 + '}\n'
DATE_PATTERN = "pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"

# check, file, what is replaced (None: the file is new), by what, the report
PLANTED = [
    ('check_routes', 'api/routes.def', 'ROUTE(GET, "/livez", endpoint_livez)\n',
     '', 'GET /livez: in openapi.yaml'),
    ('check_routes', 'api/routes.def', 'ROUTE(GET, "/livez"',
     'ROUTE(POST, "/livez"', 'POST /livez: in api/routes.def'),
    ('check_routes', 'openapi.yaml', '\n  /readyz:\n', '\n  /ready:\n',
     'GET /ready: in openapi.yaml'),
    ('check_routes', 'api/routes.def', 'ROUTE(GET, "/livez", endpoint_livez)',
     'ROUTE(GET, "/livez", two words)', 'a row is not ROUTE'),
    ('lint_openapi', 'openapi.yaml', "'#/components/schemas/Table'",
     "'#/components/schemas/Tables'", 'leads nowhere'),
    ('lint_openapi', 'openapi.yaml', "'#/components/parameters/Tx'",
     "'#/components/parameters/SecurityId'", "path parameters ['security_id']"),
    ('lint_openapi', 'openapi.yaml', 'operationId: getMaster',
     'operationId: getLivez', 'operationId getLivez stands twice'),
    ('lint_openapi', 'openapi.yaml',
     '      summary: Whether the process turns\n', '', 'has no summary'),
    ('lint_openapi', 'openapi.yaml', '              example: "ok\\n"\n', '',
     'has no example'),
    ('lint_openapi', 'openapi.yaml', 'facts: 15\n', 'facts: many\n',
     'facts: is not integer'),
    ('lint_openapi', 'openapi.yaml', 'facts: 15\n', 'facts: true\n',
     'facts: is not integer'),
    ('lint_openapi', 'openapi.yaml', 'facts: 15\n', 'facts: 0\n',
     'facts: 0 is below 1'),
    ('lint_openapi', 'openapi.yaml', 'facts: 15\n', 'fact: 15\n',
     'facts is missing'),
    ('lint_openapi', 'openapi.yaml', 'facts: 15\n', 'facts: 15\n' +
     ' ' * 20 + 'more: 1\n', 'more is not one of its members'),
    ('lint_openapi', 'openapi.yaml', "effective_start_date: '2024-01-01'",
     'effective_start_date: 24-01-01', 'does not match'),
    ('lint_openapi', 'openapi.yaml', "as_of: '2024-06-01'",
     "as_of: '2024-06-31'", "'2024-06-31' is no date"),
    ('lint_openapi', 'openapi.yaml', "recorded_at: '2026-11-20T20:00",
     "recorded_at: '2026-11-20T24:00", 'is no date-time'),
    ('lint_openapi', 'openapi.yaml', '- {security_id: 1, attribute: tick',
     '- {security_id: 9223372036854775808, attribute: tick', 'is no int64'),
    ('lint_openapi', 'openapi.yaml', 'attribute: ticker, value: LENZ',
     'attribute: source, value: LENZ', 'is what it must not be'),
    ('lint_openapi', 'openapi.yaml', "'2024-01-01', op: retract",
     "'2024-01-01', op: undo", "is not 'retract'"),
    ('lint_openapi', 'openapi.yaml', DATE_PATTERN,
     DATE_PATTERN + '\n      contentEncoding: base64', 'not a keyword checked'),
    ('lint_openapi', 'openapi.yaml', 'status: 507', 'status: 508',
     'status and title are not'),
    ('lint_openapi', 'openapi.yaml', "'507':", "'509':", 'is no status of'),
    ('lint_openapi', 'openapi.yaml', "        '422': {$ref: '#/components/"
     "responses/InvalidFacts'}", "        '428': {$ref: '#/components/"
     "responses/InvalidFacts'}", 'a 422 under 428'),
    ('lint_openapi', 'api/problems.def', '"full"', '"no-room"',
     'not both in Problem'),
    ('lint_openapi', 'include/secmaster/bounds.h', 'PAGE_ROWS_MAX 10000',
     'PAGE_ROWS_MAX \\\n    (20UL * (1 << 10)) /* why */',
     'PAGE_ROWS_MAX is 20480'),
    ('lint_openapi', 'include/secmaster/bounds.h', 'PAGE_ROWS_MAX 10000',
     'PAGE_ROWS 10000', 'PAGE_ROWS_MAX is None'),
    ('lint_openapi', 'openapi.yaml', '    EmptyTable:\n',
     '    EmptyTable: {}\n    EmptyTable:\n', 'EmptyTable stands twice'),
    ('check_banned', 'src/core/new.c', None, 'x = atoi(y);\n',
     'src/core/new.c:1: atoi is banned'),
    ('check_banned', 'tests/unit/new.c', None, '\nchar *s = strerror (e);\n',
     'tests/unit/new.c:2: strerror is banned'),
    ('check_banned', 'api/new.c', None, LONG, 'long_one has 71 lines'),
    ('check_banned', 'src/new.c', None, 'int x;\n' * 501, '501 lines'),
]
HARMLESS = [
    ('check_banned', 'src/core/new.c', '/* no strcpy( */ s = "gets(";\n'
     'strerror_r(e, b, n); fgets(b, n, f); snprintf(b, n, s);\n'),
    ('check_banned', 'api/new.c', LONG.replace('    work();\n', '', 1)),
    ('check_banned', 'src/new.c', 'int x;\n' * 500),
]


def run(check, tree):
    done = subprocess.run([PROJECT / 'tools' / f'{check}.py'], cwd=tree,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def fresh(folder):
    for name in FILES:
        target = pathlib.Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    return pathlib.Path(folder)


def planted(check, name, old, new, report):
    with tempfile.TemporaryDirectory() as folder:
        path = fresh(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = new
        if old is not None:
            before = path.read_text()
            if old not in before:
                return f'{name} has no {old!r}'
            text = before.replace(old, new, 1)
        path.write_text(text)
        code, said = run(check, folder)
        if code == 0:
            return 'green over a fault'
        if report not in said:
            return f'does not say {report!r} but {said!r}'
    return None


def harmless(check, name, text):
    with tempfile.TemporaryDirectory() as folder:
        if name:
            path = fresh(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        code, said = run(check, folder if name else PROJECT)
        return f'red without a fault: {said}' if code else None


def main():
    rows = [((check, name, new[:40]), planted(check, name, old, new, report))
            for check, name, old, new, report in PLANTED]
    rows += [((check, name, 'harmless'), harmless(check, name, text))
             for check, name, text in HARMLESS]
    rows += [((check, 'the project'), harmless(check, None, None))
             for check in ('check_routes', 'lint_openapi')]
    wrong = [f'{row}: {fault}' for row, fault in rows if fault]
    print(*wrong, f'{len(rows)} checked, {len(wrong)} wrong', sep='\n')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
