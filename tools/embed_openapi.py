#!/usr/bin/python3
"""Write openapi.yaml, the same document as JSON, their names for ETags, and
what it says of each call in few words, as a C file."""
import hashlib
import json
import pathlib
import re
import sys

import openapi_document

NUMBERS_A_LINE = 16
METHODS = {'get', 'put', 'post', 'delete'}


def array(name, data):
    """Signed decimals: a string literal of this length is not ISO C, and
    0xe9 does not fit a char."""
    numbers = [str(b - 256 if b > 127 else b) for b in data]
    lines = [','.join(numbers[i:i + NUMBERS_A_LINE])
             for i in range(0, len(numbers), NUMBERS_A_LINE)]
    digest = hashlib.sha256(data).hexdigest()
    return (f'const char {name}_data[] = {{\n' + ',\n'.join(lines) + '};\n'
            f'const size_t {name}_size = sizeof {name}_data;\n'
            f'const char {name}_tag[] = "{digest[:16]}";\n')


def text(words):
    """A C string of one line of plain ASCII."""
    if not re.fullmatch(r'[ -~]*', words):
        sys.exit(f'openapi.yaml: a summary in more than ASCII: {words}')
    return '"' + words.replace('\\', '\\\\').replace('"', '\\"') + '"'


def is_open(document, item, call):
    """Whether no parameter has to be given."""
    given = item.get('parameters', []) + call.get('parameters', [])
    named = document['components']['parameters']
    whole = [named[one['$ref'].rsplit('/', 1)[1]] if '$ref' in one else one
             for one in given]
    return not any(one.get('required') for one in whole)


def calls(document):
    rows = [f'    {{ {text(method.upper())}, {text(path)}, '
            f'{text(call["summary"])}, '
            f'{str(is_open(document, item, call)).lower()} }},\n'
            for path, item in document['paths'].items()
            for method, call in item.items() if method in METHODS]
    return ('const struct openapi_call openapi_calls[] = {\n'
            + ''.join(rows) + '};\n'
            'const size_t openapi_call_count =\n'
            '    sizeof openapi_calls / sizeof openapi_calls[0];\n')


def main():
    if len(sys.argv) != 3:
        sys.exit('usage: embed_openapi.py openapi.yaml OUT.c')
    source = pathlib.Path(sys.argv[1]).read_bytes()
    document = openapi_document.load(source.decode())
    compact = json.dumps(document, ensure_ascii=False, allow_nan=False,
                         separators=(',', ':')).encode()
    pathlib.Path(sys.argv[2]).write_text(
        '/* openapi.yaml and the same as JSON; written by embed_openapi.py.'
        ' */\n#include "api/openapi.h"\n\n' +
        array('openapi_yaml', source) + '\n' +
        array('openapi_json', compact) + '\n' + calls(document))


if __name__ == '__main__':
    main()
