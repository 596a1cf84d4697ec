#!/usr/bin/python3
"""Check that openapi.yaml is whole, true to its own examples, and in step
with api/problems.def and include/secmaster/bounds.h."""
import pathlib
import re
import sys

import json_schema
import openapi_document

OPERATIONS = {'get', 'post', 'put', 'delete', 'patch'}
PROBLEM = re.compile(r'^PROBLEM\((\w+), (\d+), "([^"]+)",\s+"([^"]+)",'
                     r'\s+"[^"]+",\s+"[^"]+"\)$', re.MULTILINE)
BARE = {'204', '304'}  # answers without a body, and no problem
SCHEMAS = 'components/schemas/'
PARAMETERS = 'components/parameters/'
BOUNDS = {
    'ATTRIBUTE_BYTES_MAX': SCHEMAS + 'Attribute/maxLength',
    'SOURCE_BYTES_MAX': SCHEMAS + 'Source/maxLength',
    'VALUE_BYTES_MAX': SCHEMAS + 'Value/maxLength',
    'SECURITY_ID_MAX': SCHEMAS + 'SecurityId/maximum',
    'IDEMPOTENCY_KEY_BYTES_MAX': SCHEMAS + 'IdempotencyKey/maxLength',
    'REQUEST_ID_BYTES_MAX': SCHEMAS + 'RequestId/maxLength',
    'COMPLAINTS_LISTED_MAX': SCHEMAS + 'Problem/properties/errors/maxItems',
    'BEARERS_LISTED_MAX': SCHEMAS + 'Problem/properties/candidates/maxItems',
    'PORTFOLIO_BYTES_MAX': SCHEMAS + 'Portfolio/maxLength',
    'LOOKUP_KEYS_MAX': SCHEMAS + 'LookedUp/properties/rows/maxItems',
    'PAGE_ROWS_DEFAULT': PARAMETERS + 'Limit/schema/default',
    'PAGE_ROWS_MAX': PARAMETERS + 'Limit/schema/maximum',
}


class Lint:
    def __init__(self, document, problems, bounds):
        self.document = document
        self.problems = {f'/problems/{slug}': (int(status), title)
                         for _, status, slug, title in PROBLEM.findall(problems)}
        self.bounds = bounds
        self.faults = []
        self.used = set()

    def fault(self, text):
        self.faults.append(text)

    def follow(self, node):
        while isinstance(node, dict) and '$ref' in node:
            node = json_schema.resolve(self.document, node['$ref'])
        return node

    def refs(self, node, where):
        """Every $ref leads somewhere; remember where."""
        if isinstance(node, list):
            for i, item in enumerate(node):
                self.refs(item, f'{where}/{i}')
        if not isinstance(node, dict):
            return
        ref = node.get('$ref')
        if isinstance(ref, str):
            self.used.add(ref)
            try:
                json_schema.resolve(self.document, ref)
            except (KeyError, TypeError):
                self.fault(f'{where}: {ref} leads nowhere')
        for name, member in node.items():
            self.refs(member, f'{where}/{name}')

    def components(self):
        for kind, members in self.document['components'].items():
            for name in members:
                ref = f'#/components/{kind}/{name}'
                if ref not in self.used:
                    self.fault(f'{ref}: nothing refers to it')

    def schema(self, schema, where):
        """Only keywords that are checked; the schema's own examples fit."""
        for keyword in set(schema) - json_schema.KEYWORDS:
            self.fault(f'{where}: {keyword} is not a keyword checked here')
        for i, example in enumerate(schema.get('examples', [])):
            self.value(schema, example, f'{where}/examples/{i}')
        for name, inner in schema.get('properties', {}).items():
            self.schema(inner, f'{where}/properties/{name}')
        for keyword in ('items', 'not', 'additionalProperties'):
            if isinstance(schema.get(keyword), dict):
                self.schema(schema[keyword], f'{where}/{keyword}')
        for keyword in ('oneOf', 'anyOf'):
            for i, inner in enumerate(schema.get(keyword, [])):
                self.schema(inner, f'{where}/{keyword}/{i}')

    def value(self, schema, value, where):
        self.faults += json_schema.faults(self.document, schema, value, where)

    def examples(self, holder, where):
        """The values of example or examples, all checked."""
        values = {f'{where}/example': holder['example']} \
            if 'example' in holder else {}
        for name, example in holder.get('examples', {}).items():
            values[f'{where}/examples/{name}'] = self.follow(example)['value']
        if not values:
            self.fault(f'{where}: has no example')
        self.schema(holder['schema'], f'{where}/schema')
        for place, value in values.items():
            self.value(holder['schema'], value, place)
        return values

    def problem(self, status, values):
        for where, value in values.items():
            row = self.problems.get(value.get('type'))
            if row is None:
                self.fault(f'{where}: {value.get("type")} is no row of '
                           'api/problems.def')
            elif (value.get('status'), value.get('title')) != row:
                self.fault(f'{where}: status and title are not {row}')
            elif status not in ('default', str(row[0])):
                self.fault(f'{where}: a {row[0]} under {status}')

    def response(self, status, response, where):
        if not response.get('description'):
            self.fault(f'{where}: has no description')
        for name, header in response.get('headers', {}).items():
            self.examples(self.follow(header), f'{where}/headers/{name}')
        if (status in BARE) == bool(response.get('content')):
            self.fault(f'{where}: has content, or has none, and should not')
        for media, content in response.get('content', {}).items():
            values = self.examples(content, f'{where}/{media}')
            if media == 'application/problem+json':
                self.problem(status, values)
            elif status == 'default' or status >= '500' and 'json' in media:
                self.fault(f'{where}: {media} where a problem is due')

    def parameters(self, path, operation, where):
        named = set()
        for given in operation.get('parameters', []):
            parameter = self.follow(given)
            place = f'{where}/{parameter["name"]}'
            self.examples(parameter, place)
            if not parameter.get('description'):
                self.fault(f'{place}: has no description')
            if (parameter['in'], parameter['name']) in named:
                self.fault(f'{place}: stands twice')
            named.add((parameter['in'], parameter['name']))
        in_path = {name for kind, name in named if kind == 'path'}
        if in_path != set(re.findall(r'{(\w+)}', path)):
            self.fault(f'{where}: path parameters {sorted(in_path)}')

    def operation(self, path, operation, where):
        for member in ('operationId', 'summary', 'tags', 'responses'):
            if not operation.get(member):
                self.fault(f'{where}: has no {member}')
        self.parameters(path, operation, where)
        body = operation.get('requestBody')
        for media, content in (body or {}).get('content', {}).items():
            self.examples(content, f'{where}/requestBody/{media}')
        responses = operation.get('responses', {})
        if not any(status.startswith('2') for status in responses):
            self.fault(f'{where}: has no 2xx')
        statuses = {str(status) for status, _ in self.problems.values()}
        for status, response in responses.items():
            if not (status == 'default' or status.startswith('2')
                    or status in BARE | statuses):
                self.fault(f'{where}: {status} is no status of '
                           'api/problems.def')
            self.response(status, self.follow(response), f'{where}/{status}')

    def paths(self):
        ids = []
        for path, item in self.document['paths'].items():
            for method in set(item) - OPERATIONS:
                self.fault(f'{path}: {method} is not an operation')
            for method in item:
                self.operation(path, item[method], f'{method} {path}')
                ids.append(item[method].get('operationId'))
        for twice in sorted({i for i in ids if i and ids.count(i) > 1}):
            self.fault(f'operationId {twice} stands twice')

    def in_step(self):
        listed = json_schema.resolve(
            self.document, '#/components/schemas/Problem')
        listed = set(listed['properties']['type']['enum'])
        for slug in sorted(listed ^ set(self.problems)):
            self.fault(f'{slug}: not both in Problem and api/problems.def')
        for name, place in BOUNDS.items():
            limit = json_schema.resolve(self.document, f'#/{place}')
            if limit != self.bounds.get(name):
                self.fault(f'{place}: {limit}, but {name} is '
                           f'{self.bounds.get(name)}')

    def run(self):
        if not str(self.document['openapi']).startswith('3.1.'):
            self.fault('openapi: is not 3.1')
        self.refs(self.document, '#')
        if self.faults:
            return self.faults
        for name, schema in self.document['components']['schemas'].items():
            self.schema(schema, SCHEMAS + name)
        self.paths()
        self.components()
        self.in_step()
        return self.faults


def read_bounds(text):
    """Numbers of bounds.h: products, shifts, INT64_MAX, with suffixes."""
    bounds = {}
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.DOTALL)
    text = re.sub(r'\\\n', ' ', text)
    for name, value in re.findall(r'^#define (\w+) (.+)$', text, re.MULTILINE):
        value = re.sub(r'(?<=\d)U?L*\b', '', value)
        value = value.replace('INT64_MAX', str(2**63 - 1))
        if re.fullmatch(r'[\d()*<\s]+', value):
            bounds[name] = eval(value)
    return bounds


def main():
    def text(path):
        return pathlib.Path(path).read_text()

    faults = Lint(openapi_document.load(text('openapi.yaml')),
                  text('api/problems.def'),
                  read_bounds(text('include/secmaster/bounds.h'))).run()
    print(''.join(f'{fault}\n' for fault in faults), end='')
    sys.exit(bool(faults))


if __name__ == '__main__':
    main()
