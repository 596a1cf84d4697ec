"""What vendors push: who is let in, what is stored, how often, and what a
person has to look at."""

import base64
import gzip
import hashlib
import hmac
import json
import threading
import time
import unittest

from harness import CSV, JSON, NDJSON, Client, dump, fact
from vendor_case import SECRETS, VendorCase

KEYS = [base64.b64decode(secret[len("whsec_"):])
        for secret in SECRETS["TEST_WEBHOOK_SECRET"].split()]
SEGMENT = SECRETS["TEST_WEBHOOK_PATH"]
SIGNED = "/v1/webhooks/polygon"
UNSIGNED = "/v1/webhooks/benzinga/" + SEGMENT
DAY = "2024-01-01"


def signature(key, name, moment, body):
    text = b"%s.%s.%s" % (name.encode(), str(moment).encode(), body)
    return "v1," + base64.b64encode(
        hmac.new(key, text, hashlib.sha256).digest()).decode()


def signed(name, body, key=KEYS[0], moment=None):
    """The headers of a delivery."""
    moment = int(time.time()) if moment is None else moment
    return {"webhook-id": name, "webhook-timestamp": str(moment),
            "webhook-signature": signature(key, name, moment, body)}


def facts(*values):
    return dump({"facts": [fact(1, "k%d" % i, value, DAY)
                           for i, value in enumerate(values)]}).encode()


def row(transaction, **more):
    return {"id": "1", "transaction_id": transaction,
            "transaction_date": "2024-05-01", "amount": "$721.63", **more}


def pushed(name, action, content):
    return json.dumps({
        "id": name, "api_version": "v1", "kind": "x",
        "data": {"action": action, "id": 1, "timestamp": "t",
                 "content": content}}).encode()


class WebhookCase(VendorCase):
    count = 0

    def fresh(self):
        WebhookCase.count += 1
        return "delivery-%d" % WebhookCase.count

    def push(self, body, headers=None, path=SIGNED, kind=JSON):
        answer = self.client.post(path, body, kind, headers)
        if answer.status == 204:
            self.assertEqual(answer.body, b"")
            self.assertIsNone(answer.header("Content-Type"))
        return answer

    def stored(self, expected, answer, what):
        """Whether a delivery was let in, and made so many transactions."""
        self.assertEqual(answer.status, 204, (what, answer))
        self.assertEqual(self.client.newest(), expected, what)

    def quarantine(self):
        return self.client.get("/v1/quarantine").json()["quarantine"]


class Signed(WebhookCase):
    def test_signatures(self):
        now = int(time.time())
        body = facts("signed")
        good = signed("s", body)
        other = signature(b"x" * 32, "s", now, body)
        both = other + " v1a,zzz " + good["webhook-signature"]
        for what, headers, sent, status in (
                ("good", good, body, 204),
                ("under the other secret", signed("t", body, KEYS[1]), body,
                 204),
                ("one of several", {**good, "webhook-signature": both}, body,
                 204),
                ("another body", good, body + b" ", 401),
                ("another id", {**good, "webhook-id": "u"}, body, 401),
                ("another secret", signed("s", body, b"x" * 32), body, 401),
                ("none that is v1", {**good, "webhook-signature": "v2,x"},
                 body, 401),
                ("six minutes ago", signed("s", body, moment=now - 360), body,
                 401),
                ("six minutes ahead", signed("s", body, moment=now + 360),
                 body, 401),
                ("four minutes ago", signed("v", body, moment=now - 240), body,
                 204),
                ("four minutes ahead", signed("w", body, moment=now + 240),
                 body, 204),
                ("no headers", {}, body, 400),
                ("no time", {**good, "webhook-timestamp": "soon"}, body, 400),
                ("no id", {**good, "webhook-id": ""}, body, 400)):
            answer = self.push(sent, headers)
            self.assertEqual(answer.status, status, (what, answer))
            self.no_secret_in(answer.body.decode(), what)
            if status == 401:
                self.assertEqual(answer.json()["type"],
                                 "/problems/bad-signature")

    def test_a_delivery_is_stored_once(self):
        before, name = self.client.newest(), self.fresh()
        for what, body, headers, more in (
                ("first", facts("a"), signed(name, facts("a")), 1),
                ("again", facts("a"), signed(name, facts("a")), 1),
                ("another body", facts("b"), signed(name, facts("b")), 1),
                ("known facts", facts("a"), signed(self.fresh(), facts("a")),
                 1),
                ("new facts", facts("b"), signed(self.fresh(), facts("b")),
                 2)):
            self.stored(before + more, self.push(body, headers), what)

    def test_every_shape_of_facts(self):
        for number, (kind, body) in enumerate((
                (JSON, dump([fact(5, "k", "array", DAY)]).encode()),
                (NDJSON, dump(fact(5, "k", "lines", DAY)).encode() + b"\n"),
                (CSV, b"security_id,attribute,value,effective_date\n"
                      b"5,k,table,2024-01-01\n"))):
            before = self.client.newest()
            answer = self.push(body, signed(self.fresh(), body), kind=kind)
            self.stored(before + 1, answer, number)
        changes = self.client.get("/v1/changes?after_tx=%d" % (before - 2))
        self.assertEqual([(c["value"], c["source"])
                          for c in changes.json()["changes"]],
                         [("array", "polygon"), ("lines", "polygon"),
                          ("table", "polygon")])

    def test_bars_of_the_vendors_own(self):
        self.client.post_facts([fact(77, "ticker", "HOOK", DAY)])
        body = json.dumps({"status": "OK", "from": "2024-02-01",
                           "symbol": "HOOK", "open": 1, "high": 2, "low": 1,
                           "close": 2, "volume": 5}).encode()
        before = self.client.newest()
        self.stored(before + 1, self.push(body, signed(self.fresh(), body)),
                    "a bar")
        rows = self.client.get("/v1/securities/77/prices").json()["rows"]
        self.assertEqual([(r["date"], r["source"]) for r in rows],
                         [("2024-02-01", "polygon")])

    def test_it_survives_a_kill(self):
        name, body = self.fresh(), facts("kept")
        before = self.client.newest()
        self.stored(before + 1, self.push(body, signed(name, body)), "first")
        for _ in range(2):
            self.server.kill()
            self.server.start()
            other = facts("not kept")
            self.stored(before + 1, self.push(other, signed(name, other)),
                        "again")

    def test_many_at_once_are_one(self):
        before, name = self.client.newest(), self.fresh()
        bodies = [facts("at once %d" % i) for i in range(16)]
        statuses = []

        def deliver(body):
            client = Client(self.server.port)
            statuses.append(client.post(SIGNED, body, JSON,
                                        signed(name, body)).status)
            client.close()

        threads = [threading.Thread(target=deliver, args=(body,))
                   for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [204] * len(bodies))
        self.assertEqual(self.client.newest(), before + 1)

    def test_packed(self):
        body = facts("packed")
        answer = self.client.post(
            SIGNED, gzip.compress(body), JSON,
            {"Content-Encoding": "gzip", **signed(self.fresh(), body)})
        self.assertEqual(answer.status, 204, answer)


class Unsigned(WebhookCase):
    def test_only_the_segment_lets_in(self):
        for path, status in ((UNSIGNED, 204), (UNSIGNED + "x", 404),
                             (UNSIGNED[:-1], 404),
                             ("/v1/webhooks/benzinga", 404),
                             ("/v1/webhooks/polygon/" + SEGMENT, 404),
                             ("/v1/webhooks/nobody/" + SEGMENT, 404)):
            answer = self.push(facts("u"), path=path)
            self.assertEqual(answer.status, status, (path, answer))
            self.no_secret_in(answer.body.decode(), path)
        self.assertEqual(self.client.get(UNSIGNED).status, 405)
        self.no_secret_in(self.client.get(UNSIGNED).body.decode(), "405")

    def test_rows(self):
        def named(name):
            return {"X-BZ-Delivery": name} if name else {}
        first = self.client.newest()
        for what, name, body, more in (
                ("a row", "r1", pushed("p1", "Created", row("t1")), 1),
                ("it again", "r1", pushed("p1", "Created", row("t1")), 1),
                ("its content again", "r2",
                 pushed("p1", "Created", row("t1")), 1),
                ("an update", "r3", pushed("p2", "Updated",
                                           row("t1", amount="None")), 2),
                ("its own id", None, pushed("own", "Created", row("t2")), 3),
                ("it again", None, pushed("own", "Created", row("t3")), 3),
                ("a page", "r4", json.dumps({"data": [row("t4"), row("t5")]})
                 .encode(), 4)):
            self.stored(first + more,
                        self.push(body, named(name), UNSIGNED), what)

    def test_what_cannot_be_taken_is_quarantined(self):
        first, before = self.client.newest(), len(self.quarantine())
        cases = (
            ("removed", pushed("q1", "Removed", row("t1")), "removed"),
            ("no JSON", b'{"id":', None),
            ("no type", pushed("q4", "Created", row("t4")), "Content-Type",
             None),
            ("another type", pushed("q5", "Created", row("t5")),
             "Content-Type", "application/xml"),
            ("another charset", pushed("q6", "Created", row("t6")),
             "Content-Type", JSON + "; charset=utf-16"),
            ("not UTF-8", b'["\xff"]', None),
            ("no row", pushed("q2", "Created", {"id": "1"}),
             "transaction_id"),
            ("an impossible day", pushed(
                "q3", "Created", row("t1", transaction_date="2024-02-30")),
             "transaction_date"),
            ("refused by the writer", dump({"facts": [
                {"security_id": 8, "attribute": "a", "op": "retract",
                 "effective_date": DAY}]}).encode(), None))
        for number, (what, body, reason, *kind) in enumerate(cases, 1):
            for _ in range(2):
                self.stored(first, self.push(
                    body, {"X-BZ-Delivery": "bad-%d" % number}, UNSIGNED,
                    *(kind or [JSON])), what)
            found = self.quarantine()
            self.assertEqual(len(found), before + number, what)
            entry = found[0]
            self.assertEqual(
                (entry["vendor"], entry["dataset"], entry["run"],
                 entry["state"]), ("benzinga", "webhook", None, "open"), what)
            self.assertEqual(len(entry["reasons"]), 1, what)
            self.assertIn(reason or "", entry["reasons"][0], what)
        discarded = self.client.request(
            "POST", "/v1/quarantine/%s/discard" % found[0]["id"])
        self.assertEqual(discarded.status, 200, discarded)
        self.assertEqual(discarded.json(), {**found[0], "state": "discarded"})
        self.server.kill()
        self.server.start()
        self.assertEqual(self.quarantine(), [discarded.json()] + found[1:])

    def test_nothing_tells_a_secret(self):
        self.push(facts("secret"), path=UNSIGNED)
        self.push(b"{", {"X-BZ-Delivery": "secret"}, UNSIGNED)
        for path in ("/metrics", "/v1/vendors", "/v1/quarantine",
                     "/v1/transactions", "/v1/changes"):
            self.no_secret_in(self.client.get(path).body.decode(), path)
        self.no_secret_in(self.server.stderr(), "the log")
        with open("/proc/%d/cmdline" % self.server.process.pid) as file:
            self.no_secret_in(file.read(), "ps")


if __name__ == "__main__":
    unittest.main()
