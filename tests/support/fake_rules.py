"""How the fake vendor misbehaves: rules of a scenario, each a match and a do.

{"match": {"path": GLOB, "vendor": NAME, "params": {NAME: GLOB or null}},
 "nth": N or [N, ...] | "first": N | "after": N | "seconds": S,
 "do": NAME, ...}
A rule counts the requests that it matches: nth are those, first the first N,
after all behind the Nth, seconds those of S seconds from the first on; without
any of them it is all. Every rule that applies does its part, in their order.
"""

import collections
import fnmatch
import gzip
import time

import fake_wire
from fake_data import ScenarioFault, known_only

WHEN = ("nth", "first", "after", "seconds")
MATCH = {"path", "vendor", "params"}


class Rule:
    def __init__(self, doc, where):
        if not isinstance(doc, dict) or doc.get("do") not in DOES:
            raise ScenarioFault("%s: no such do: %r" % (
                where, doc.get("do") if isinstance(doc, dict) else doc))
        self.name = doc["do"]
        self.change, options = DOES[self.name]
        known_only(doc, {"match", "do", *WHEN, *options}, where)
        self.match = doc.get("match", {})
        known_only(self.match, MATCH, where + ".match")
        if len([w for w in WHEN if w in doc]) > 1:
            raise ScenarioFault("%s: one of %s" % (where, ", ".join(WHEN)))
        self.doc, self.where = doc, where
        self.count, self.begun = 0, None
        self.arrivals = collections.deque()

    def is_matched(self, asked):
        if not fnmatch.fnmatchcase(asked.path, self.match.get("path", "*")):
            return False
        if self.match.get("vendor", asked.vendor) != asked.vendor:
            return False
        for name, glob in self.match.get("params", {}).items():
            got = asked.query.get(name)
            if (got is None) != (glob is None):
                return False
            if glob is not None and not fnmatch.fnmatchcase(got, glob):
                return False
        return True

    def applies(self, asked):
        """Counts the request; call it once for each."""
        if not self.is_matched(asked):
            return False
        now = time.monotonic()
        self.count += 1
        self.begun = now if self.begun is None else self.begun
        if "nth" in self.doc:
            nth = self.doc["nth"]
            return self.count in (nth if isinstance(nth, list) else [nth])
        if "first" in self.doc:
            return self.count <= self.doc["first"]
        if "after" in self.doc:
            return self.count > self.doc["after"]
        if "seconds" in self.doc:
            return now - self.begun < self.doc["seconds"]
        return True


def to_status(reply, rule, asked):
    """Another status, with a body of its own or the vendor's usual one."""
    reply.status = rule.doc["status"]
    if "text" in rule.doc:
        reply.body = rule.doc["text"].encode()
    elif "body" in rule.doc:
        reply.doc, reply.rows = rule.doc["body"], None
    elif asked.vendor == "benzinga":
        reply.doc, reply.rows = {"ok": False, "errors": [
            {"code": "error", "id": "error", "value": "refused"}]}, None
    else:
        reply.doc, reply.rows = {"status": "ERROR", "error": "refused"}, None
    after = rule.doc.get("retry_after")
    if isinstance(after, dict):
        known_only(after, {"date_in"}, rule.where + ".retry_after")
        after = fake_wire.http_date(time.time() + after["date_in"])
    if after is not None:
        reply.headers["Retry-After"] = str(after)
    reply.headers.update(rule.doc.get("headers", {}))


def to_limit(reply, rule, asked):
    """429 beyond so many in any such time, as a real plan does it."""
    now, seconds = time.monotonic(), rule.doc.get("per_seconds", 60)
    while rule.arrivals and now - rule.arrivals[0] >= seconds:
        rule.arrivals.popleft()
    rule.arrivals.append(now)
    if len(rule.arrivals) > rule.doc["requests"]:
        reply.status = 429
        reply.doc, reply.rows = {"status": "ERROR", "error": "You've exceeded "
                                 "the maximum requests per minute"}, None


def to_wire(reply, rule, asked):
    reply.how, reply.options = rule.name, rule.doc


def to_cut_utf8(reply, rule, asked):
    """The length told is that of what is left: no transport notices."""
    body = reply.freeze()
    at = max((i for i, byte in enumerate(body) if byte >= 0xc0), default=None)
    if at is None:
        raise ScenarioFault("%s: nothing but ASCII in the body" % rule.where)
    reply.body = body[:at + 1]


def to_type(reply, rule, asked):
    if rule.doc["type"] is None:
        reply.headers.pop("Content-Type")
        return
    reply.headers["Content-Type"] = rule.doc["type"]


def to_gzip(reply, rule, asked):
    body = gzip.compress(reply.freeze(), mtime=0)
    damage = rule.doc.get("damage")
    if damage == "cut":
        body = body[:len(body) // 2]
    elif damage == "checksum":
        body = body[:-8] + bytes([body[-8] ^ 1]) + body[-7:]
    elif damage is not None:
        raise ScenarioFault("%s: no such damage" % rule.where)
    reply.body = body
    reply.headers["Content-Encoding"] = "gzip"


def to_bomb(reply, rule, asked):
    reply.stream = fake_wire.bomb(rule.doc["bytes"])
    reply.framing = "chunked"
    reply.headers["Content-Encoding"] = "gzip"


def to_huge(reply, rule, asked):
    reply.length, reply.stream = fake_wire.huge(rule.doc["bytes"])
    reply.framing = rule.doc.get("framing", "length")


def to_nested(reply, rule, asked):
    depth = rule.doc.get("depth", 100000)
    reply.body = b'{"status":"OK","results":' + b"[" * depth \
        + b"]" * depth + b"}"


def to_framing(reply, rule, asked):
    if rule.doc["framing"] not in ("length", "chunked", "close"):
        raise ScenarioFault("%s: no such framing" % rule.where)
    reply.framing = rule.doc["framing"]


def elsewhere(rule, asked, to):
    """A name of another place, or the text itself with its ports filled in."""
    rest = asked.target
    named = {"host": "http://localhost:%d%s" % (asked.port, rest),
             "port": "http://127.0.0.1:%d%s" % (asked.other_port, rest),
             "scheme": "https://127.0.0.1:%d%s" % (asked.port, rest),
             "itself": asked.base + rest}
    return named.get(to) or to.format(port=asked.port, other=asked.other_port,
                                      base=asked.base)


def to_next_url(reply, rule, asked):
    if isinstance(reply.doc, dict):
        reply.doc["next_url"] = elsewhere(rule, asked, rule.doc["to"])


def to_redirect(reply, rule, asked):
    reply.status = rule.doc.get("status", 302)
    reply.headers["Location"] = elsewhere(rule, asked, rule.doc["to"])
    reply.body = b""


def to_rows(reply, rule, asked):
    """Other rows in the page: keep N, drop N, repeat N, set members of all."""
    if reply.rows is None:
        raise ScenarioFault("%s: %s has no rows" % (rule.where, asked.path))
    rows = list(reply.rows)
    keep = rule.doc.get("keep", len(rows))
    rows = rows[:keep][rule.doc.get("drop", 0):]
    if "set" in rule.doc:
        at = rule.doc.get("at")
        rows = [{**row, **rule.doc["set"]} if at in (None, n) else row
                for n, row in enumerate(rows)]
    for name in rule.doc.get("without", []):
        rows = [{k: v for k, v in row.items() if k != name} for row in rows]
    rows += rows[:rule.doc.get("repeat", 0)]
    rows += rule.doc.get("add", [])
    reply.rows[:] = rows
    if isinstance(reply.doc, dict):
        for name in ("count", "resultsCount", "queryCount"):
            if name in reply.doc:
                reply.doc[name] = len(rows)


def to_edit(reply, rule, asked):
    """Other members beside the rows."""
    if not isinstance(reply.doc, dict):
        raise ScenarioFault("%s: %s is no object" % (rule.where, asked.path))
    reply.doc.update(rule.doc.get("set", {}))
    for name in rule.doc.get("without", []):
        reply.doc.pop(name, None)


def to_text(reply, rule, asked):
    """These bytes in place of the body; times repeats them."""
    reply.body = rule.doc["text"].encode("utf-8", "surrogatepass") \
        * rule.doc.get("times", 1)


def to_date(reply, rule, asked):
    reply.date = rule.doc.get("text")
    reply.date_offset = rule.doc.get("offset_seconds", 0)


def unchanged(reply, rule, asked):
    """Done elsewhere: a page is another before rows are chosen, and whoever
    does not listen does so for all."""


DOES = {
    # do: (what it does to a reply, its options)
    "status": (to_status, {"status", "body", "text", "retry_after",
                           "headers"}),
    "limit": (to_limit, {"requests", "per_seconds"}),
    "refuse": (unchanged, {"refuse_seconds"}),
    "reset": (to_wire, {"bytes"}),
    "cut": (to_wire, {"bytes"}),
    "drip": (to_wire, {"bytes", "every_ms"}),
    "silence": (to_wire, {"after_head"}),
    "raw": (to_wire, {"text", "again", "times"}),
    "cut_utf8": (to_cut_utf8, set()),
    "content_type": (to_type, {"type"}),
    "gzip": (to_gzip, {"damage"}),
    "gzip_bomb": (to_bomb, {"bytes"}),
    "huge": (to_huge, {"bytes", "framing"}),
    "nested": (to_nested, {"depth"}),
    "framing": (to_framing, {"framing"}),
    "page": (unchanged, {"shift"}),
    "next_url": (to_next_url, {"to"}),
    "redirect": (to_redirect, {"to", "status"}),
    "rows": (to_rows, {"keep", "drop", "repeat", "set", "at", "without",
                       "add"}),
    "edit": (to_edit, {"set", "without"}),
    "text": (to_text, {"text", "times"}),
    "date": (to_date, {"offset_seconds", "text"}),
}
NEEDED = {"status": "status", "limit": "requests", "refuse": "refuse_seconds",
          "raw": "text", "content_type": "type", "gzip_bomb": "bytes",
          "huge": "bytes", "framing": "framing", "page": "shift",
          "next_url": "to", "redirect": "to", "text": "text"}


def rules_of(docs):
    rules = [Rule(doc, "rules[%d]" % n) for n, doc in enumerate(docs)]
    for rule in rules:
        needed = NEEDED.get(rule.name)
        if needed and needed not in rule.doc:
            raise ScenarioFault("%s: %s is missing" % (rule.where, needed))
    return rules
