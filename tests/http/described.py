"""An API as its OpenAPI document describes it: calls, examples, answers."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools"))

import json_schema  # noqa: E402

METHODS = ("get", "put", "post", "delete", "patch")
PROBLEM = "application/problem+json"


class Described:
    """The whole document."""

    def __init__(self, document):
        self.document = document

    def follow(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = json_schema.resolve(self.document, node["$ref"])
        return node

    def faults(self, schema, value, where):
        return list(json_schema.faults(self.document, schema, value, where))

    def examples(self, holder):
        """{name: value} of a parameter's or a body's examples."""
        found = {"": holder["example"]} if "example" in holder else {}
        for name, example in holder.get("examples", {}).items():
            found[name] = self.follow(example)["value"]
        return found

    def along(self, holder, name):
        """The parameters that an example needs beside it."""
        example = self.follow(holder.get("examples", {}).get(name, {}))
        return example.get("x-parameters", {})

    def calls(self):
        return [Call(self, path, method, item)
                for path, item in self.document["paths"].items()
                for method in METHODS if method in item]

    def options(self, schema):
        """The schemas one of which a value has to fit."""
        schema = self.follow(schema)
        inner = schema.get("oneOf", []) + schema.get("anyOf", [])
        if not inner:
            return [schema]
        return [option for one in inner for option in self.options(one)]

    def types(self, schema):
        """The JSON types that a value may have."""
        found = set()
        for option in self.options(schema):
            named = option.get("type", [])
            found |= {named} if isinstance(named, str) else set(named)
        return found

    def value(self, schema, text):
        """What a text in a query, a path or a header stands for."""
        types = self.types(schema)
        if types & {"integer", "number"} and re.fullmatch("-?[0-9]+", text):
            return int(text)
        if "boolean" in types and text in ("true", "false"):
            return text == "true"
        return text

    def fits(self, schema, text):
        if "array" in self.types(schema):
            return not self.faults(schema, [text], "")
        return not self.faults(schema, self.value(schema, text), "")

    def items(self, schema):
        """The member of a JSON body that lists what is a line of NDJSON and
        of CSV, and the schema of each; (None, schema) if it is one thing."""
        for option in self.options(schema):
            for name, member in option.get("properties", {}).items():
                member = self.follow(member)
                if "items" in member \
                        and self.types(member["items"]) - {"string"}:
                    return name, member["items"]
        return None, schema


class Call:
    """One method of one path."""

    def __init__(self, described, path, method, item):
        self.described, self.path, self.method = described, path, method
        self.name = "%s %s" % (method.upper(), path)
        self.methods = {m.upper() for m in item if m in METHODS}
        self.methods |= {"HEAD"} if "GET" in self.methods else set()
        self.about = item[method]
        self.parameters = [described.follow(p) for p in
                           item.get("parameters", [])
                           + self.about.get("parameters", [])]
        self.bodies = described.follow(
            self.about.get("requestBody", {})).get("content", {})

    def parameter(self, name):
        found = [p for p in self.parameters if p["name"] == name]
        return found[0] if found else None

    def response(self, status):
        """The response of a status; default's only where an example of it
        has this status. None: it is not documented."""
        responses = self.about["responses"]
        if str(status) in responses:
            return self.described.follow(responses[str(status)])
        other = self.described.follow(responses.get("default", {}))
        told = [example.get("status")
                for content in other.get("content", {}).values()
                for example in self.described.examples(content).values()]
        return other if status in told else None

    def statuses(self):
        return {int(s) for s in self.about["responses"] if s != "default"}

    def needs(self):
        """What nobody can store: without it each answer may be a 404."""
        return self.about.get("x-needs")

    def may(self):
        """The statuses of an answer that is no refusal."""
        return set(self.good()) | ({404} if self.needs() else set())

    def documents(self, status, header):
        response = self.response(status) or {}
        return header in response.get("headers", {})

    def good(self):
        """The responses that are answers, by status."""
        return {int(status): self.described.follow(response)
                for status, response in self.about["responses"].items()
                if status.startswith("2")}

    def media(self):
        """The media types of the answers."""
        return {media for response in self.good().values()
                for media in response.get("content", {})}

    def items(self):
        for response in self.good().values():
            json = response.get("content", {}).get("application/json")
            if json:
                return self.described.items(json["schema"])
        return None, {}

    def body_examples(self):
        """(media, name, value) of all that may be sent."""
        return [(media, name, value)
                for media, content in self.bodies.items()
                for name, value in self.described.examples(content).items()]
