"""Check a value against the part of JSON Schema that openapi.yaml uses."""
import datetime
import re

TYPES = {
    'object': lambda v: isinstance(v, dict),
    'array': lambda v: isinstance(v, list),
    'string': lambda v: isinstance(v, str),
    'boolean': lambda v: isinstance(v, bool),
    'null': lambda v: v is None,
    'integer': lambda v: isinstance(v, int) and not isinstance(v, bool),
    'number': lambda v: isinstance(v, (int, float))
    and not isinstance(v, bool),
}
ANNOTATIONS = {'description', 'default', 'examples'}
KEYWORDS = ANNOTATIONS | {
    '$ref', 'type', 'format', 'const', 'enum', 'oneOf', 'anyOf', 'not', 'pattern',
    'minLength', 'maxLength', 'minimum', 'maximum', 'items', 'minItems',
    'maxItems', 'properties', 'required', 'additionalProperties'}


def is_day(text):
    if not re.fullmatch(r'\d{4}-\d\d-\d\d', text, re.ASCII):
        return False
    try:
        datetime.date(*map(int, text.split('-')))
    except ValueError:
        return False
    return True


def is_moment(text):
    day, letter, time = text.partition('T')
    found = re.fullmatch(r'(\d\d):(\d\d):(\d\d)([.]\d+)?'
                         r'(Z|[+-]\d\d:\d\d)', time, re.ASCII)
    return bool(letter and found and is_day(day) and int(found[1]) < 24
                and int(found[2]) < 60 and int(found[3]) <= 60)


# An assertion here, of the type that it is about; other values have none.
FORMATS = {
    'date': (str, is_day),
    'date-time': (str, is_moment),
    'int64': (int, lambda n: -2**63 <= n < 2**63),
}


def resolve(document, ref):
    """The target of a $ref into the document; KeyError when there is none."""
    if not ref.startswith('#/'):
        raise KeyError(ref)
    target = document
    for step in ref[2:].split('/'):
        target = target[step.replace('~1', '/').replace('~0', '~')]
    return target


def same(a, b):
    """Equality that tells true from 1."""
    return type(a) is type(b) and a == b


def faults(document, schema, value, where):
    """What is wrong with value, one text a fault."""
    if '$ref' in schema:
        yield from faults(document, resolve(document, schema['$ref']), value,
                          where)
    yield from of_any_type(document, schema, value, where)
    if isinstance(value, str):
        yield from of_string(schema, value, where)
    if TYPES['number'](value):
        if value < schema.get('minimum', value):
            yield f'{where}: {value} is below {schema["minimum"]}'
        if value > schema.get('maximum', value):
            yield f'{where}: {value} is above {schema["maximum"]}'
    if isinstance(value, list):
        yield from of_array(document, schema, value, where)
    if isinstance(value, dict):
        yield from of_object(document, schema, value, where)


def of_any_type(document, schema, value, where):
    types = schema.get('type', [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[t](value) for t in types):
        yield f'{where}: is not {" or ".join(types)}'
    if 'const' in schema and not same(value, schema['const']):
        yield f'{where}: is not {schema["const"]!r}'
    if 'enum' in schema and not any(same(value, e) for e in schema['enum']):
        yield f'{where}: {value!r} is none of {schema["enum"]}'
    for keyword, most in (('oneOf', 1), ('anyOf', None)):
        if keyword not in schema:
            continue
        tries = [list(faults(document, s, value, where))
                 for s in schema[keyword]]
        fit = sum(not t for t in tries)
        if fit == 0:
            yield f'{where}: fits none of {keyword}'
            yield from (f'  {text}' for t in tries for text in t)
        elif most and fit > most:
            yield f'{where}: fits {fit} of oneOf'
    type_, is_one = FORMATS.get(schema.get('format'), (None, None))
    if type_ and isinstance(value, type_) and not is_one(value):
        yield f'{where}: {value!r} is no {schema["format"]}'
    if 'not' in schema and not list(
            faults(document, schema['not'], value, where)):
        yield f'{where}: {value!r} is what it must not be'


def of_string(schema, value, where):
    if len(value) < schema.get('minLength', 0):
        yield f'{where}: is shorter than {schema["minLength"]}'
    if len(value) > schema.get('maxLength', len(value)):
        yield f'{where}: is longer than {schema["maxLength"]}'
    if 'pattern' in schema and not re.search(schema['pattern'], value):
        yield f'{where}: {value!r} does not match {schema["pattern"]}'


def of_array(document, schema, value, where):
    if len(value) < schema.get('minItems', 0):
        yield f'{where}: has fewer than {schema["minItems"]}'
    if len(value) > schema.get('maxItems', len(value)):
        yield f'{where}: has more than {schema["maxItems"]}'
    for i, item in enumerate(value):
        yield from faults(document, schema.get('items', {}), item,
                          f'{where}/{i}')


def of_object(document, schema, value, where):
    for name in schema.get('required', []):
        if name not in value:
            yield f'{where}: {name} is missing'
    properties = schema.get('properties', {})
    others = schema.get('additionalProperties', {})
    for name, member in value.items():
        if name in properties:
            yield from faults(document, properties[name], member,
                              f'{where}/{name}')
        elif others is False:
            yield f'{where}: {name} is not one of its members'
        elif isinstance(others, dict):
            yield from faults(document, others, member, f'{where}/{name}')
