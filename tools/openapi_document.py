"""Read openapi.yaml as plain JSON values, for the tools beside this file."""
import yaml


class Loader(yaml.CSafeLoader):
    """Unquoted dates stay text: JSON has none. A key twice is refused."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(k, deep=True) for k, _ in node.value]
        twice = sorted({k for k in keys if keys.count(k) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f'{twice[0]} stands twice', node.start_mark)
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs
            if tag != 'tag:yaml.org,2002:timestamp']
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()}


def load(text):
    return yaml.load(text, Loader=Loader)
