"""openapi.yaml is true: a client that knows nothing else tries all of it."""

import copy
import json
import pathlib
import unittest

from asking import Talker, plain
from harness import CSV, JSON, Server
from judging import media_of
from refusing import Refuser

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
FACTS = [{"security_id": security_id, "attribute": attribute,
          "value": value, "effective_date": "2024-01-01", "source": source}
         for security_id, attribute, value, source in (
             (3, "a:b", "c:d", "default"), (3, "a,b", None, "default"),
             (3, "gics_sector", "energy", "bloomberg"),
             (3, "gics_sector", "healthcare", "polygon"),
             (7, "gics_sector", "financials", "default"))]
# By call, what is stored behind its examples, for those of other calls.
PREPARED = {
    "POST /v1/facts": [(CSV, (EXAMPLES / "sp500-facts.csv").read_bytes()),
                       (JSON, FACTS)],
}
ROUNDS = ("check_examples", "try_parameters", "try_media",
          "try_conditions", "try_pages", "try_feed", "refuse_all", "check_seen")


def setUpModule():
    """The documented bodies come first: transaction 1 is in examples."""
    global server, document, client
    server = Server()
    unittest.addModuleCleanup(server.drop)
    server.start()
    talker = Talker(server.port)
    document = json.loads(talker.ask("GET", "/openapi.json").body)
    client = Refuser(document, talker)
    unittest.addModuleCleanup(talker.close)
    for call in client.calls():
        client.send_examples(call)
        for media, body in PREPARED.get(call.name, ()):
            client.ask(plain(call).sending(media, body), {201}, "prepared")


class OpenApi(unittest.TestCase):
    """The document against the server."""

    def test_what_it_says_is_so(self):
        self.assertEqual(client.take_faults(), [])
        for call in client.calls():
            for one in ROUNDS:
                with self.subTest(call=call.name, round=one):
                    getattr(client, one)(call)
                    self.assertEqual(client.take_faults(), [])
        self.assertGreater(len(client.judge.problems), 8)
        client.check_problems()
        self.assertEqual(client.take_faults(), [])


def at(*steps):
    """The node of a document behind these steps."""
    def find(node):
        for step in steps:
            node = node[step]
        return node
    return find


def call_at(path, method, *steps):
    return at("paths", path, method, *steps)


CLASSES = "GET /v1/asset-classes"
CLASSES_AT = "/v1/asset-classes"
CLASS_AT = ("components", "schemas", "AssetClasses", "properties",
            "asset_classes", "items")
LOOKUP = "POST /v1/securities/lookup"
MORE = {"name": "more", "in": "query", "schema": {"type": "string"},
        "example": "x"}

# what is untrue, the call, the round that notices, what it says; and where
# the document is changed: a node, a member, its value (None: not there)
IN_DOCUMENT = [
    ("a path that is not there", "GET /v1/nothing", "try_parameters",
     "404, not [200]",
     at("paths"), "/v1/nothing", "/v1/asset-classes"),
    ("a method that is not there", "DELETE /v1/asset-classes",
     "try_parameters", "405, not",
     at("paths", CLASSES_AT), "delete", "get"),
    ("a member that is not documented", CLASSES, "try_parameters",
     "securities is not one of its members",
     at(*CLASS_AT, "properties"), "securities", None),
    ("a member that does not come", CLASSES, "try_parameters",
     "more is missing", at(*CLASS_AT), "required", ["more"]),
    ("a member of another type", CLASSES, "try_parameters",
     "is not string", at(*CLASS_AT, "properties"), "securities",
     {"type": "string"}),
    ("a status that is not documented", LOOKUP, "refuse_bodies",
     "422 is not documented",
     call_at(LOOKUP[5:], "post", "responses"), "422", None),
    ("304 is not documented", CLASSES, "try_conditions",
     "304 is not documented",
     call_at(CLASSES_AT, "get", "responses"), "304", None),
    ("404 is not documented", "GET /v1/resolve", "try_parameters",
     "404, not [200",
     call_at("/v1/resolve", "get", "responses"), "404", None),
    ("a status that never comes", CLASSES, "refuse_unknown",
     "nothing is unknown",
     call_at(CLASSES_AT, "get", "responses"), "404",
     {"$ref": "#/components/responses/SecurityNotFound"}),
    ("a status that nothing provokes", CLASSES, "check_seen",
     "422", call_at(CLASSES_AT, "get", "responses"), "422",
     {"$ref": "#/components/responses/InvalidFacts"}),
    ("a kind of problem that is not documented", CLASSES,
     "refuse_parameters", "no example has /problems/malformed-parameter",
     call_at(CLASSES_AT, "get", "responses"), "400",
     {"$ref": "#/components/responses/NotAcceptable"}),
    ("a media type that is not documented", CLASSES, "try_parameters",
     "application/json is not documented for 200",
     call_at(CLASSES_AT, "get", "responses", "200"), "content",
     {"text/csv": {"schema": {"type": "string"}}}),
    ("a media type that does not come", CLASSES, "try_media",
     "406, not", call_at(CLASSES_AT, "get", "responses", "200", "content"),
     "text/csv", {"schema": {"type": "string"}}),
    ("a header that is not documented", CLASSES, "try_parameters",
     "secmaster-tx is not documented",
     call_at(CLASSES_AT, "get", "responses", "200", "headers"),
     "Secmaster-Tx", None),
    ("a header that does not come", CLASSES, "try_parameters",
     "x-more is missing",
     call_at(CLASSES_AT, "get", "responses", "200", "headers"), "X-More",
     {"required": True, "schema": {"type": "string"}}),
    ("a header of another form", CLASSES, "try_parameters",
     "does not match", at("components", "headers", "ETag"), "schema",
     {"type": "string", "pattern": "^W/"}),
    ("a parameter that is not there", CLASSES, "try_parameters", "more: [400]",
     call_at(CLASSES_AT, "get"), "parameters", [MORE]),
    ("a parameter that need not be given", "GET /v1/master",
     "refuse_parameters", "from missing: 200, not [400]",
     at("components", "parameters", "From"), "required", True),
    ("a range that is wider", "GET /v1/portfolios", "refuse_parameters",
     "limit=1: 200, not [400]",
     at("components", "parameters", "Limit", "schema"), "minimum", 2),
    ("a maximum that is lowered", "GET /v1/portfolios", "refuse_parameters",
     "limit=10001: 200, not [400]",
     at("components", "parameters", "Limit"), "x-misfit", None),
    ("a body's member that need not be there", LOOKUP, "refuse_bodies",
     "200, not [422]",
     at("components", "schemas", "Lookup", "oneOf", 0), "required",
     ["security_ids", "as_of"]),
    ("a documented line that is none", "POST /v1/facts", "check_examples",
     "is missing", call_at("/v1/facts", "post", "requestBody", "content",
                           "application/x-ndjson"), "example", "{}"),
    ("a body's example that is refused", LOOKUP, "send_examples",
     "an example: 422, not [200]",
     at("components", "examples", "LookupIds"), "value", {"ids": [1]}),
    ("a call that lacks what it needs", "GET /v1/vendors/{vendor}/runs",
     "try_parameters", "404, not [200]",
     call_at("/v1/vendors/{vendor}/runs", "get"), "x-needs", None),
    ("a scheme of lines that they are not", "GET /v1/portfolios/{portfolio}"
     "/positions", "try_media", "line 1: more is missing",
     at("components", "schemas", "JoinedRow"), "required", ["more"]),
]


def gains_member(asked, answer):
    return answer.body.replace(b'":', b'":0,"more":', 1)


def loses_page(asked, answer):
    is_page = "cursor=" in asked[1] and media_of(answer) != JSON
    return b"" if is_page else answer.body


def retypes(asked, answer):
    is_csv = media_of(answer) == CSV
    return answer.body.replace(b",400", b",400.0") if is_csv else answer.body


def renames_column(asked, answer):
    is_csv = media_of(answer) == CSV
    return answer.body.replace(b"ticker", b"tocker") if is_csv \
        else answer.body


def loses_column(asked, answer):
    return answer.body.replace(b'"columns":["security_id",', b'"columns":[')


def lacks(name, method=None):
    def spoil(asked, answer):
        if method in (None, asked[0]):
            answer.headers = [(n, v) for n, v in answer.headers if n != name]
        return answer.body
    return spoil


def turns(old, new):
    def spoil(asked, answer):
        answer.status = new if answer.status == old else answer.status
        return answer.body
    return spoil


def counts_up(asked, answer):
    counts_up.tx = getattr(counts_up, "tx", 0) + 1
    answer.headers = [(n, str(counts_up.tx) if n == "Secmaster-Tx" else v)
                      for n, v in answer.headers]
    return answer.body


HISTORY = "GET /v1/securities/{security_id}/history"
# what becomes of answers, the call, the round that notices, what it says
IN_ANSWERS = [
    (gains_member, CLASSES, "try_parameters", "more is not one of its"),
    (gains_member, LOOKUP, "refuse_bodies", "more is not one of its"),
    (turns(200, 202), CLASSES, "try_parameters", "202 is not documented"),
    (turns(400, 418), CLASSES, "refuse_parameters", "418 is not documented"),
    (turns(400, 406), CLASSES, "refuse_parameters", "the body says 400"),
    (loses_page, HISTORY, "try_pages", "the pages and the whole differ"),
    (lacks("Link"), HISTORY, "try_pages", "next_cursor is not that of None"),
    (retypes, HISTORY, "try_media", "CSV and NDJSON differ"),
    (renames_column, HISTORY, "try_media", "CSV has the columns"),
    (loses_column, HISTORY, "try_parameters", "row 0 has other columns"),
    (lacks("ETag", "HEAD"), CLASSES, "try_conditions", "HEAD: "),
    (lacks("Allow", "OPTIONS"), CLASSES, "try_conditions", "204 allows"),
    (lacks("Allow", "PUT"), CLASSES, "refuse_methods", "405 allows"),
    (lacks("Retry-After"), CLASSES, "try_conditions", None),
    (lacks("Idempotency-Replayed"), "PUT /v1/precedence", "send_examples",
     "is not replayed"),
    (loses_page, "GET /v1/transactions", "try_pages", None),
    (counts_up, CLASSES, "refuse_all", "behind what was refused"),
]


class Spoiled(Talker):
    """Between the server and the client."""

    def __init__(self, port, spoil):
        super().__init__(port)
        self.spoil = spoil

    def ask(self, *asked):
        answer = super().ask(*asked)
        answer.body = self.spoil(asked, answer)
        return answer


class Planted(unittest.TestCase):
    """Each untruth is noticed, and truth is not called one."""

    def notices(self, changed, talker, row):
        what, name, one, said = row[:4]
        self.addCleanup(talker.close)
        prober = Refuser(changed, talker)
        getattr(prober, one)(prober.call(name))
        faults = prober.take_faults()
        if said is None:
            self.assertEqual(faults, [])
            return
        self.assertTrue(any(said in fault for fault in faults),
                        "%s: %r is not said in %s" % (what, said, faults[:5]))

    def test_in_the_document(self):
        for row in IN_DOCUMENT:
            find, member, value = row[4:]
            changed = copy.deepcopy(document)
            node = find(changed)
            if value is None:
                del node[member]
            else:
                known = isinstance(value, str) and node.get(value)
                node[member] = known or value
            with self.subTest(what=row[0], call=row[1]):
                self.notices(changed, Talker(server.port), row)

    def test_in_answers(self):
        for row in IN_ANSWERS:
            with self.subTest(what=row[0], call=row[1], said=row[3]):
                self.notices(document, Spoiled(server.port, row[0]), row)


if __name__ == "__main__":
    unittest.main()
