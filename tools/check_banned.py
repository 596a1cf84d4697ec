#!/usr/bin/python3
"""Refuse banned functions, functions over 70 lines and files over 500."""
import pathlib
import re
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
LONGEST_SHOWN = 10
BANNED = re.compile(
    r'\b(v?sprintf|str(?:cpy|cat|tok|error)|gets|ato(?:i|l|ll|f)'
    r'|v?[sf]?w?scanf|localtime|gmtime|alloca)\s*\(')
# Comments and literals may speak of what code must not do.
PROSE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                   r"|'(?:\\.|[^'\\\n])+'", re.DOTALL)


def sources(*folders):
    return sorted(p for folder in folders
                  for p in pathlib.Path(folder).rglob('*.[ch]'))


def code_of(text):
    """The text with prose blanked, line for line."""
    return PROSE.sub(lambda m: re.sub(r'[^\n]', ' ', m.group()), text)


def banned(path, code):
    for number, line in enumerate(code.splitlines(), 1):
        for found in BANNED.finditer(line):
            yield f'{path}:{number}: {found.group(1)} is banned'


def functions(path, code):
    """(lines of the body, place, name): our style puts a function's name and
    both its braces in the first column."""
    name, begun, start = '', 0, 0
    for number, line in enumerate(code.splitlines(), 1):
        called = re.match(r'(?:[\w\s*]*?)\b(\w+)\(', line)
        if called and not line[0].isspace() and not start:
            name, begun = called.group(1), number
        if line == '{':
            start = number
        elif line == '}' and start:
            yield number - start - 1, f'{path}:{begun}', name
            start = 0


def main():
    faults, long = [], []
    for path in sources('src', 'api', 'bench', 'tests', 'include'):
        text = path.read_text()
        code = code_of(text)
        faults += banned(path, code)
        if path.parts[0] not in ('src', 'api', 'bench'):
            continue
        long += [f for f in functions(path, code)
                 if f[0] > FUNCTION_LINES_MAX]
        lines = len(text.splitlines())
        if lines > FILE_LINES_MAX:
            faults.append(f'{path}: {lines} lines, {FILE_LINES_MAX} are '
                          'the most')
    for lines, place, name in sorted(long, reverse=True)[:LONGEST_SHOWN]:
        faults.append(f'{place}: {name} has {lines} lines, '
                      f'{FUNCTION_LINES_MAX} are the most')
    print(''.join(f'{fault}\n' for fault in faults), end='')
    sys.exit(bool(faults))


if __name__ == '__main__':
    main()
