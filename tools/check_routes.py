#!/usr/bin/python3
"""Compare api/routes.def with openapi.yaml, both ways, method and path."""
import pathlib
import re
import sys

import openapi_document

METHODS = {'get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'}
ROUTE = re.compile(r'^ROUTE\((\w+), "([^"]+)",\s+\w+\)$', re.MULTILINE)


def served(text):
    rows = ROUTE.findall(text)
    if len(rows) != len(re.findall(r'^ROUTE\(', text, re.MULTILINE)):
        sys.exit('api/routes.def: a row is not ROUTE(method, "path", name)')
    return set(rows)


def described(document):
    return {(method.upper(), path)
            for path, item in document['paths'].items()
            for method in item if method in METHODS}


def main():
    routes = served(pathlib.Path('api/routes.def').read_text())
    operations = described(
        openapi_document.load(pathlib.Path('openapi.yaml').read_text()))
    for method, path in sorted(routes - operations):
        print(f'{method} {path}: in api/routes.def, not in openapi.yaml')
    for method, path in sorted(operations - routes):
        print(f'{method} {path}: in openapi.yaml, not in api/routes.def')
    sys.exit(routes != operations)


if __name__ == '__main__':
    main()
