"""Requests made from a documented call, good ones and bad ones."""

import copy
import gzip
import http.client
import json
import re
import time
import urllib.parse

from harness import CSV, JSON, Answer

NEVER = "no-such-thing"
FEW = 20
# Texts of which most parameters can be none.
TEXTS = ("", "x y", "-1", "1.5", NEVER, "2023-02-30", "9" * 30, "x" * 300,
         "a\tb")
VALUES = (None, True, -1, 1.5, "", "x\x01", "2023-02-30", [], {}, [[]],
          {"x": 1})
# Those that a client makes or takes from answers: an example is no use.
FROM_ANSWERS = {"cursor", "If-None-Match", "Idempotency-Key"}


class Request:
    """What is sent: parameters by name, and a body."""

    def __init__(self, call):
        self.call = call
        self.given = {"path": {}, "query": {}, "header": {}}
        self.media = self.body = None

    def having(self, parameter, value):
        other = copy.deepcopy(self, {id(self.call): self.call})
        other.given[parameter["in"]][parameter["name"]] = value
        return other

    def lacking(self, parameter):
        other = copy.deepcopy(self, {id(self.call): self.call})
        del other.given[parameter["in"]][parameter["name"]]
        return other

    def headed(self, **headers):
        other = copy.deepcopy(self, {id(self.call): self.call})
        for name, value in headers.items():
            other.given["header"][name.replace("_", "-")] = value
        return other

    def sending(self, media, value):
        """Bytes are sent as they are; a value is JSON unless media is not."""
        other = copy.deepcopy(self, {id(self.call): self.call})
        other.media = media
        if not isinstance(value, bytes):
            value = json.dumps(value) if media == JSON else value
            value = value.encode()
        other.body = value
        return other

    def target(self):
        path = self.call.path
        for name, value in self.given["path"].items():
            path = path.replace("{%s}" % name,
                                urllib.parse.quote(text_of(value), safe=""))
        pairs = [(name, text_of(one))
                 for name, value in self.given["query"].items()
                 for one in (value if isinstance(value, list) else [value])]
        query = urllib.parse.urlencode(pairs)
        return path + ("?" + query if query else "")

    def headers(self):
        headers = {name: text_of(value)
                   for name, value in self.given["header"].items()}
        if self.media:
            headers["Content-Type"] = self.media
        return headers

    def packed(self):
        if self.given["header"].get("Content-Encoding") == "gzip":
            return gzip.compress(self.body)
        return self.body

    def __str__(self):
        text = "%s %s %s %s" % (
            self.call.method.upper(), self.target(),
            self.headers() or "", (self.body or b"").decode(errors="replace"))
        return text if len(text) <= 400 else text[:400] + "..."


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Talker:
    """One connection, which opens again where an answer closed it."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port,
                                                     timeout=60)

    def ask(self, method, target, headers=None, body=None):
        self.connection.request(method, target, body, headers or {})
        return self.read()

    def read(self):
        response = self.connection.getresponse()
        return Answer(response.status, response.getheaders(),
                      response.read())

    def send(self, request, method=None):
        return self.ask(method or request.call.method.upper(),
                        request.target(), request.headers(),
                        request.packed())

    def announce(self, request, length):
        """The head of a request whose body has that length; no body."""
        self.connection.close()
        self.connection.putrequest(request.call.method.upper(),
                                   request.target())
        for name, value in request.headers().items():
            self.connection.putheader(name, value)
        self.connection.putheader("Content-Length", str(length))
        self.connection.endheaders()
        answer = self.read()
        self.connection.close()
        return answer

    def close(self):
        self.connection.close()


def plain(call):
    """Only what has to be given, by the first example of each."""
    request = Request(call)
    for parameter in call.parameters:
        if parameter.get("required"):
            values = call.described.examples(parameter).values()
            request = request.having(parameter, next(iter(values)))
    return next(bodies(request))


def bodies(request):
    """The request with each documented body and what that needs beside it."""
    call = request.call
    for media, name, value in call.body_examples():
        yield with_all(request.sending(media, value),
                       call.described.along(call.bodies[media], name))
    if not call.bodies:
        yield request


def brief(call):
    """The same, of a page with few rows."""
    limit = call.parameter("limit")
    return plain(call).having(limit, FEW) if limit else plain(call)


def with_all(request, named):
    for name, value in named.items():
        parameter = request.call.parameter(name)
        assert parameter, "%s has no parameter %s" % (request.call.name, name)
        request = request.having(parameter, value)
    return request


def this_moment():
    seconds, rest = divmod(time.time_ns(), 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) \
        + ".%06dZ" % (rest // 1000)


def tried(request):
    """(parameter, request) for each example of each parameter and all of an
    enum. A moment is now: at an example's nothing may be recorded yet."""
    call, described = request.call, request.call.described
    for parameter in call.parameters:
        if parameter["name"] in FROM_ANSWERS:
            continue
        schema = described.follow(parameter["schema"])
        examples = described.examples(parameter)
        if schema.get("format") == "date-time":
            examples = {"": this_moment()}
        for name, value in examples.items():
            yield parameter, with_all(request.having(parameter, value),
                                      described.along(parameter, name))
        for value in schema.get("enum", []):
            yield parameter, request.having(parameter, value)


def ends(request):
    """Requests at the ends of the ranges of numbers."""
    for parameter in request.call.parameters:
        schema = request.call.described.follow(parameter["schema"])
        for end in ("minimum", "maximum"):
            if end in schema and parameter["in"] == "query":
                yield request.having(parameter, schema[end])


def misfits(parameter, call):
    """Texts that the parameter's schema refuses."""
    schema = call.described.follow(parameter["schema"])
    texts = list(TEXTS)
    if "maximum" in schema:
        texts.append(str(schema["maximum"] + 1))
    if "minimum" in schema:
        texts.append(str(schema["minimum"] - 1))
    if "maxLength" in schema:
        texts.append("x" * (schema["maxLength"] + 1))
    if parameter["in"] != "query":
        texts = [text for text in texts if text and "\t" not in text]
    return [text for text in texts
            if not call.described.fits(parameter["schema"], text)]


def is_taken(parameter, call, text):
    """Whether the document says that a text outside the schema is taken: any
    where it is replaced, a number above the maximum where it is lowered."""
    how = parameter.get("x-misfit")
    top = call.described.follow(parameter["schema"]).get("maximum")
    return how == "replaced" or how == "lowered" \
        and re.fullmatch("[0-9]+", text) is not None and int(text) > top


def unknown(parameter, call):
    """A value of the right form that nothing bears; None: there is none."""
    described, schema = call.described, parameter["schema"]
    schema = described.follow(schema)
    if "integer" in described.types(schema):
        return schema.get("maximum", 2**53 - 1)
    if "enum" in schema or "format" in schema:
        return None
    example = text_of(next(iter(described.examples(parameter).values())))
    for old, new in (("[0-9]", "9"), ("[A-Z]", "Z"), ("[a-z]", "z")):
        example = re.sub(old, new, example)
    fitting = [text for text in (NEVER, example)
               if described.fits(schema, text)]
    return fitting[0] if fitting else None


def mutants(value, where=""):
    """(where, value) with one place of it changed; of a list the first."""
    for other in VALUES:
        yield where, other
    if isinstance(value, list) and value:
        for place, first in mutants(value[0], where + "/0"):
            yield place, [first] + value[1:]
    if isinstance(value, dict):
        yield where + "/" + NEVER, {**value, NEVER: 1}
        for name in value:
            yield where + "/-" + name, {k: v for k, v in value.items()
                                        if k != name}
            for place, member in mutants(value[name], where + "/" + name):
                yield place, {**value, name: member}


def malformed(media, text):
    """Bodies that are not in their format's grammar."""
    bodies = [b"\xff" + text, text[:-2] + b"\xc3"]
    if media == CSV:
        return bodies + [text + b'"open']
    return bodies + [text.rstrip()[:-1], b"{" + text, text + b"]"]
