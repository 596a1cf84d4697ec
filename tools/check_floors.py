#!/usr/bin/env python3
"""Keep the floors: who may include whom, and one home a third-party header."""
import pathlib
import re
import sys

BELOW = {'core': [], 'codec': ['core'], 'store': ['core'], 'vendor': ['codec', 'core'], 'sys': ['core'],
         'pipeline': ['codec', 'store', 'vendor', 'sys', 'core'],
         'api': ['pipeline', 'codec', 'store', 'vendor', 'sys', 'core'],
         'main': ['api', 'pipeline', 'codec', 'store', 'vendor', 'sys', 'core']}
HOMES = {'microhttpd.h': 'api/server.c', 'lmdb.h': 'src/store/', 'curl/': 'src/sys/', 'cjson/': 'src/codec/', 'yajl/': 'src/codec/', 'zlib.h': 'src/codec/'}
PURE = {'core': ['err.h', 'bounds.h', 'str.h', 'wire.h', 'fact.h', 'precedence.h', 'record.h'], 'pipeline': ['publication.h']}


def room_of(path):
    parts = path.parts
    return 'api' if parts[0] == 'api' else 'main' if len(parts) == 2 else parts[1]


sources = [p for d in ('src', 'api') for p in pathlib.Path(d).rglob('*.[ch]')]
homes = {p.stem + '.h': room_of(p) for p in sources if p.suffix == '.c'}
homes.update({h: r for r, hs in PURE.items() for h in hs})
faults = []
for path in sources + list(pathlib.Path('include').rglob('*.h')):
    room = room_of(path) if path.parts[0] != 'include' else homes.get(path.name)
    for line, text in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#include\s*[<"]([^">]+)', text)
        if not found:
            continue
        name = found.group(1)
        if name.startswith('secmaster/'):
            other = homes.get(name[len('secmaster/'):])
            if other is None:
                faults.append(f'{path}:{line}: {name} has no .c file and no room')
            elif room and other != room and other not in BELOW[room]:
                faults.append(f'{path}:{line}: {room} may not include {other} ({name})')
        for third, home in HOMES.items():
            if name.startswith(third) and not str(path).startswith(home):
                faults.append(f'{path}:{line}: {name} belongs in {home} only')
print('\n'.join(faults), end='')
sys.exit(bool(faults))
