"""Whether an answer is one that the document describes."""

import gzip
import json

from described import PROBLEM
from harness import CSV, NDJSON, csv_fields, csv_value, parse

# What HTTP lets every answer have, documented or not.
HTTP = {"date", "content-type", "content-length", "transfer-encoding",
        "connection", "vary", "cache-control"}


def media_of(answer):
    return (answer.header("Content-Type") or "").split(";")[0]


def body_of(answer):
    """The body, unpacked."""
    if answer.header("Content-Encoding") == "gzip":
        return gzip.decompress(answer.body)
    return answer.body


def lines_of(answer):
    body = body_of(answer)
    if body and not body.endswith(b"\n"):
        raise ValueError("the last line is cut")
    return body.split(b"\n")[:-1]


def rows_of(call, answer):
    """The rows of an answer in any format, digit for digit: objects from
    JSON and NDJSON, lists of cells from CSV."""
    media = media_of(answer)
    if media == NDJSON:
        return [parse(line) for line in lines_of(answer)]
    if media == CSV:
        return [[csv_value(field) for field in record]
                for record in csv_fields(body_of(answer))[1:]]
    name, _ = call.items()
    document = parse(body_of(answer))
    return document[name] if name else [document]


def cells(row, columns):
    """A row as CSV has it; one that is null has empty cells."""
    return [None] * columns if row is None else list(row.values())


class Judge:
    """Collects the problems met, for whoever follows them."""

    def __init__(self, described):
        self.described = described
        self.problems = {}
        self.seen = set()
        self.fitting = set()  # lines by schema: the same come often

    def faults(self, call, answer, has_body=True):
        """What is wrong with an answer, one text a fault."""
        response = call.response(answer.status)
        if response is None:
            return ["%d is not documented" % answer.status]
        self.seen.add((call.name, answer.status))
        found = self.of_headers(response, answer)
        content = response.get("content", {})
        if not content:
            return found + (["has a body"] if answer.body else [])
        media = media_of(answer)
        if media not in content:
            return found + ["%s is not documented for %d"
                            % (media or "no media type", answer.status)]
        if not has_body:
            return found
        try:
            return found + self.of_body(call, content[media], media, answer)
        except ValueError as error:
            return found + ["cannot be read: %s" % error]

    def of_headers(self, response, answer):
        documented = {name.lower(): self.described.follow(header) for
                      name, header in response.get("headers", {}).items()}
        found = []
        for name, header in documented.items():
            text = answer.header(name)
            if text is None:
                if header.get("required"):
                    found.append("%s is missing" % name)
                continue
            found += self.described.faults(
                header["schema"],
                self.described.value(header["schema"], text), name)
        return found + ["%s is not documented" % name.lower()
                        for name, _ in answer.headers
                        if name.lower() not in HTTP | set(documented)]

    def of_body(self, call, content, media, answer):
        text = body_of(answer)
        if media == NDJSON:
            return self.of_lines(call, answer)
        if media == CSV:
            return self.of_csv(text)
        if "json" not in media:
            return self.described.faults(content["schema"], text.decode(), "")
        parse(text)  # strict: no member twice, no NaN
        document = json.loads(text)
        found = self.described.faults(content["schema"], document, "")
        if media == PROBLEM:
            found += self.of_problem(content, document, answer)
        elif "columns" in document and "rows" in document:
            found += ["row %d has other columns" % i
                      for i, row in enumerate(document["rows"])
                      if row is not None and list(row) != document["columns"]]
        return found

    def of_lines(self, call, answer):
        _, schema = call.items()
        found = []
        for i, line in enumerate(lines_of(answer)):
            if (id(schema), line) in self.fitting:
                continue
            wrong = self.described.faults(schema, json.loads(line),
                                          "line %d" % (i + 1))
            found += wrong
            if not wrong:
                self.fitting.add((id(schema), line))
        return found

    @staticmethod
    def of_csv(text):
        records = csv_fields(text)
        if not records:
            return ["has no header line"]
        header = [name for name, _ in records[0]]
        found = [] if len(set(header)) == len(header) else ["a column twice"]
        return found + ["record %d has %d fields" % (i, len(record))
                        for i, record in enumerate(records)
                        if len(record) != len(header)]

    def of_problem(self, content, document, answer):
        examples = self.described.examples(content).values()
        known = {(e["status"], e["type"]) for e in examples}
        told = document.get("status"), document.get("type")
        self.problems[told[1]] = document
        found = []
        if told not in known:
            found.append("no example has %s under %s" % (told[1], told[0]))
        if told[0] != answer.status:
            found.append("the body says %s" % told[0])
        if document.get("request_id") != answer.header("X-Request-Id"):
            found.append("request_id is another")
        return found
