#!/usr/bin/python3
"""Write openapi.yaml, and the same document as JSON, as bytes in a C file."""
import json
import pathlib
import sys

import openapi_document

NUMBERS_A_LINE = 16


def array(name, data):
    """Signed decimals: a string literal of this length is not ISO C, and
    0xe9 does not fit a char."""
    numbers = [str(b - 256 if b > 127 else b) for b in data]
    lines = [','.join(numbers[i:i + NUMBERS_A_LINE])
             for i in range(0, len(numbers), NUMBERS_A_LINE)]
    return (f'extern const char {name}_data[];\n'
            f'extern const size_t {name}_size;\n'
            f'const char {name}_data[] = {{\n' + ',\n'.join(lines) + '};\n'
            f'const size_t {name}_size = sizeof {name}_data;\n')


def main():
    if len(sys.argv) != 3:
        sys.exit('usage: embed_openapi.py openapi.yaml OUT.c')
    text = pathlib.Path(sys.argv[1]).read_bytes()
    document = openapi_document.load(text.decode())
    compact = json.dumps(document, ensure_ascii=False, allow_nan=False,
                         separators=(',', ':')).encode()
    pathlib.Path(sys.argv[2]).write_text(
        '/* openapi.yaml and the same as JSON; written by embed_openapi.py.'
        ' */\n#include <stddef.h>\n\n' +
        array('openapi_yaml', text) + '\n' + array('openapi_json', compact))


if __name__ == '__main__':
    main()
