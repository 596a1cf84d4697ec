"""Idempotency-Key, dry_run and minted ids: what a write that is sent again,
tried out, or about securities that do not exist yet comes to."""

import threading
import unittest

from harness import (CSV, JSON, NDJSON, Client, Num, ServerCase, dump, fact,
                     facts_body, parse, read_table, retract)

DAY = "2024-01-01"
FIRST_ID = 1000000000000
FORMATS = ("json", "array", "ndjson", "csv")


class OnceCase(ServerCase):
    keys = 0

    def key(self):
        OnceCase.keys += 1
        return "key-%d" % OnceCase.keys

    def post(self, body, key=None, kind=JSON, path="/v1/facts"):
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post(path, body, kind, headers)

    def first(self, answer, row=None):
        self.assertEqual(answer.status, 201, (row, answer))
        self.assertIsNone(answer.header("Idempotency-Replayed"), row)
        return answer

    def replayed(self, answer, of, row=None):
        """The first answer again, byte for byte, of the same transaction."""
        self.assertEqual(answer.header("Idempotency-Replayed"), "true",
                         (row, answer))
        self.assertEqual(answer.status, of.status, row)
        self.assertEqual(answer.body, of.body, row)
        for name in ("Location", "Secmaster-Tx", "Content-Type"):
            self.assertEqual(answer.header(name), of.header(name), (row, name))

    def used_before(self, answer, row=None):
        doc = self.refused(422, answer, row)
        self.assertEqual(doc["type"], "/problems/idempotency-key-reused", row)
        self.assertIsNone(answer.header("Idempotency-Replayed"), row)

    def stored_since(self, before, count, row=None):
        self.assertEqual(self.client.newest(), before + count, row)


class Keys(OnceCase):
    def test_the_same_request_gets_the_first_answer_again(self):
        for how in FORMATS:
            kind, body = facts_body([fact(1, "k", Num(1), DAY),
                                     fact(2, "k", Num(2), DAY)], how)
            key, before = self.key(), self.client.newest()
            first = self.first(self.post(body, key, kind), how)
            for _ in range(3):
                self.replayed(self.post(body, key, kind), first, how)
            self.stored_since(before, 1, how)
            doc = self.client.get(first.header("Location")).json()
            self.assertEqual(doc["idempotency_key"], key, how)

    def test_without_a_key_it_is_stored_again(self):
        before, body = self.client.newest(), dump([fact(1, "k", Num(1), DAY)])
        for _ in range(2):
            self.first(self.post(body))
        self.stored_since(before, 2)

    def test_another_request_under_the_key_is_refused(self):
        kind, body = facts_body([fact(1, "k", Num(1), DAY)], "ndjson")
        key = self.key()
        first = self.first(self.post(body, key, kind))
        before = self.client.newest()
        others = [
            ("another value", body.replace(b"1,", b"2,"), kind, ""),
            ("a line end more", body + b"\n", kind, ""),
            ("members in another order", dump(
                dict(reversed(parse(body).items()))), kind, ""),
            ("the same with a parameter", body, kind, "?dry_run=false"),
            ("the same fact in another format",
             dump([parse(body)]), JSON, ""),
            ("a retraction of nothing",
             dump(retract(1, "gone", DAY)), kind, "")]
        for row, other, kind_of_other, query in others:
            answer = self.post(other, key, kind_of_other, "/v1/facts" + query)
            self.used_before(answer, row)
        self.stored_since(before, 0)
        self.replayed(self.post(body, key, kind), first)

    def test_how_it_is_framed_does_not_matter(self):
        body, key = dump([fact(1, "k", Num(1), DAY)]).encode(), self.key()
        first = self.first(self.post(body, key))
        answer = self.client.request(
            "POST", "/v1/facts", iter([body[:7], body[7:]]),
            {"Content-Type": JSON, "Idempotency-Key": key})
        self.replayed(answer, first)
        answer = self.post(body, key, "application/json; charset=utf-8")
        self.replayed(answer, first)

    def test_only_what_is_stored_keeps_its_key(self):
        good = dump([fact(1, "k", Num(1), DAY)])
        refusals = [
            ("a syntax error", good[:-1], "", 400),
            ("a broken rule", good.replace(DAY, "2023-02-29"), "", 422),
            ("no fact", "[]", "", 422),
            ("a retraction of nothing", dump([retract(9, "none", DAY)]), "",
             422),
            ("a dry run", good, "?dry_run=true", 200),
            ("an unknown parameter", good, "?dryrun=true", 400)]
        for row, body, query, status in refusals:
            key = self.key()
            for _ in range(2):
                answer = self.post(body, key, JSON, "/v1/facts" + query)
                self.assertEqual(answer.status, status, (row, answer))
                self.assertIsNone(answer.header("Idempotency-Replayed"), row)
            self.first(self.post(good, key), row)

    def test_what_a_key_may_be(self):
        body = dump([fact(1, "k", Num(1), DAY)])
        visible = "".join(chr(c) for c in range(0x21, 0x7f))
        keys = [
            ("one character", "x", 201), ("all that are visible", visible, 201),
            ("255", "k" * 255, 201), ("256", "k" * 256, 400),
            ("none", "", 400), ("a space", "a b", 400),
            ("a tab", "a\tb", 400), ("DEL", "a\x7f", 400),
            ("no ASCII", "\xe9", 400), ("quotes", '"%s"' % self.key(), 201)]
        for row, key, status in keys:
            before = self.client.newest()
            answer = self.post(body, key)
            self.assertEqual(answer.status, status, (row, answer))
            self.stored_since(before, status == 201, row)
        key = self.key()
        self.first(self.post(body, " %s " % key), "spaces around")
        self.replayed(self.post(body, key), self.post(body, key))
        answer = self.client.request(
            "POST", "/v1/facts", body,
            {"Content-Type": JSON, "Idempotency-Key": self.key(),
             "idempotency-key": self.key()})
        self.refused(400, answer, "given twice")

    def test_keys_differ_by_their_bytes(self):
        body, key = dump([fact(1, "k", Num(1), DAY)]), self.key()
        before = self.client.newest()
        for other in (key, key.upper(), key + ".", key[:-1] + "-"):
            self.first(self.post(body, other), other)
        self.stored_since(before, 4)

    def test_reads_take_no_notice(self):
        for key in ("x", "a b"):
            answer = self.client.get("/v1/securities", Idempotency_Key=key)
            self.assertEqual(answer.status, 200, key)

    def test_retractions_and_minted_ids_are_given_once(self):
        self.stored([fact(40, "k", Num(1), DAY)])
        key, body = self.key(), dump([retract(40, "k", DAY)])
        first = self.first(self.post(body, key))
        self.replayed(self.post(body, key), first)
        self.refused(422, self.post(body), "without the key")
        key, body = self.key(), dump([new("a", "k", Num(1))])
        first = self.first(self.post(body, key))
        self.replayed(self.post(body, key), first)
        other = self.first(self.post(body))
        self.assertNotEqual(other.json()["minted"], first.json()["minted"])

    def test_it_survives_a_restart_and_a_kill(self):
        sent = []
        for how in FORMATS:
            kind, body = facts_body([fact(50, "k", Num(1), DAY)], how)
            key = self.key()
            sent.append((body, key, kind,
                         self.first(self.post(body, key, kind))))
        for again in (self.server.restart, self.kill_and_start):
            again()
            before = self.client.newest()
            for body, key, kind, first in sent:
                self.replayed(self.post(body, key, kind), first, kind)
                self.used_before(self.post(dump([fact(50, "k", Num(2), DAY)]),
                                           key))
            self.stored_since(before, 0)

    def kill_and_start(self):
        self.server.kill()
        self.server.start()

    def test_many_at_once_store_one(self):
        kind, body = facts_body(
            [fact(i, "k", Num(i), DAY) for i in range(3000)], "csv")
        key, before, answers = self.key(), self.client.newest(), []

        def send():
            client = Client(self.server.port)
            for _ in range(4):
                answers.append(client.post("/v1/facts", body, kind,
                                           {"Idempotency-Key": key}))
            client.close()

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.stored_since(before, 1)
        told = [a for a in answers if a.status == 201]
        firsts = [a for a in told if a.header("Idempotency-Replayed") is None]
        self.assertEqual(len(answers), 32)
        self.assertEqual(len(firsts), 1)
        for answer in answers:
            if answer.status == 409:
                self.assertEqual(answer.header("Retry-After"), "1")
            elif answer is not firsts[0]:
                self.replayed(answer, firsts[0])


class OtherWrites(OnceCase):
    def put(self, rule, key=None):
        headers = {"Content-Type": JSON}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.request("PUT", "/v1/precedence",
                                   dump(rule).encode(),
                                   headers)

    def test_a_rule_is_put_once(self):
        rule = {"default": ["manual", "brand \"new\""],
                "attributes": {"tick \"é\"": ["p"], "none": []}}
        key, before = self.key(), self.client.newest()
        first = self.put(rule, key)
        self.assertEqual(first.status, 200, repr(first))
        self.assertIsNone(first.header("Idempotency-Replayed"))
        self.same(first.json(), {"tx": Num(before + 1), **rule})
        other = self.put({"default": ["p"]})
        self.assertEqual(other.tx, before + 2)
        self.replayed(self.put(rule, key), first)
        self.server.restart()
        self.replayed(self.put(rule, key), first)
        self.stored_since(before, 2)
        self.used_before(self.put({"default": []}, key))
        doc = self.client.get("/v1/transactions/%d" % first.tx).json()
        self.assertEqual(doc["idempotency_key"], key)

    def test_keys_are_one_space_for_all_writes(self):
        key, body = self.key(), dump([fact(1, "k", Num(1), DAY)])
        first = self.first(self.post(body, key))
        self.used_before(self.put({"default": ["p"]}, key))
        self.replayed(self.post(body, key), first)
        key = self.key()
        first = self.put({"default": ["p"]}, key)
        self.used_before(self.post(body, key))
        self.replayed(self.put({"default": ["p"]}, key), first)

    def put_day(self, portfolio, day, positions, key):
        return self.client.request(
            "PUT", "/v1/portfolios/%s/positions/%s" % (portfolio, day),
            dump({"positions": positions}),
            {"Content-Type": JSON, "Idempotency-Key": key})

    def test_a_portfolios_day_is_put_once(self):
        held = [{"security_id": Num(1), "quantity": Num("1.50")},
                {"security_id": Num(9), "quantity": Num(2)}]
        key, before = self.key(), self.client.newest()
        self.refused(422, self.put_day("once", DAY, [{}], key), "no key kept")
        first = self.put_day("once", DAY, held, key)
        self.assertEqual(first.status, 200, repr(first))
        self.assertIsNone(first.header("Idempotency-Replayed"))
        self.same(first.json(), {"tx": Num(before + 1), "positions": Num(2)})
        cleared = self.put_day("once", DAY, [], self.key())
        self.assertEqual(cleared.tx, before + 2)
        self.replayed(self.put_day("once", DAY, held, key), first)
        self.server.restart()
        self.replayed(self.put_day("once", DAY, held, key), first)
        for row in (("once", DAY, held[:1]), ("twice", DAY, held),
                    ("once", "2024-01-09", held)):
            self.used_before(self.put_day(*row, key))
        self.stored_since(before, 2)
        rows = self.client.get("/v1/portfolios/once/positions").json()["rows"]
        self.assertEqual(rows, [])
        doc = self.client.get("/v1/transactions/%d" % first.tx).json()
        self.assertEqual(doc["idempotency_key"], key)

    def test_a_refused_rule_keeps_no_key(self):
        key = self.key()
        self.refused(422, self.put({"default": ["p", "p"]}, key), "twice")
        answer = self.put({"default": ["p"]}, key)
        self.assertEqual(answer.status, 200, repr(answer))


class DryRuns(OnceCase):
    def test_they_answer_and_store_nothing(self):
        self.stored([fact(7, "kept", Num(1), DAY)])
        good = [fact(1, "k", Num(1), DAY), fact(1, "j", Num(1), DAY)]
        rows = [
            ("two facts", dump(good), "true", 200,
             {"facts": Num(2), "securities": Num(1)}),
            ("a source for all", dump({"source": "s", "facts": good}), "true",
             200, {"facts": Num(2), "securities": Num(1)}),
            ("a retraction of what is there", dump([retract(7, "kept", DAY)]),
             "true", 200, {"facts": Num(1), "securities": Num(1)}),
            ("the same once more", dump([retract(7, "kept", DAY)]), "true",
             200, {"facts": Num(1), "securities": Num(1)}),
            ("assert and retract", dump(good[:1] + [retract(1, "k", DAY)]),
             "true", 200, {"facts": Num(2), "securities": Num(1)}),
            ("a retraction of nothing", dump([retract(7, "gone", DAY)]),
             "true", 422, None),
            ("retracted twice", dump([retract(7, "kept", DAY)] * 2), "true",
             422, None),
            ("a bad date", dump([fact(1, "k", Num(1), "2023-02-29")]), "true",
             422, None),
            ("a syntax error", "[", "true", 400, None),
            ("neither true nor false", dump(good), "yes", 400, None),
            ("upper case", dump(good), "TRUE", 400, None),
            ("new securities", dump([new("b", "k", Num(1)),
                                     new("a", "k", Num(1))]), "true", 200,
             {"facts": Num(2), "securities": Num(2),
              "minted": {"b": None, "a": None}})]
        before = self.client.newest()
        for row, body, value, status, want in rows:
            answer = self.post(body, None, JSON,
                               "/v1/facts?dry_run=" + value)
            self.assertEqual(answer.status, status, (row, answer))
            if want is not None:
                self.same(answer.json(), want, row)
            self.assertIsNone(answer.header("Location"), row)
            self.assertEqual(answer.tx, before, row)
        self.stored_since(before, 0)
        for query in ("dry_run=true&dry_run=true", "dry_run=", "dry_run"):
            answer = self.post(dump(good), None, JSON, "/v1/facts?" + query)
            self.refused(400, answer, query)

    def test_false_is_as_nothing(self):
        before = self.client.newest()
        body = dump([fact(2, "k", Num(1), DAY)])
        answer = self.first(self.post(body, None, JSON,
                                      "/v1/facts?dry_run=false"))
        self.assertEqual(answer.tx, before + 1)
        self.assertEqual(list(answer.json()), ["tx", "recorded_at", "facts",
                                               "securities"])

    def test_in_every_format_and_again(self):
        for how in FORMATS:
            kind, body = facts_body([fact(3, "k", Num(1), DAY)], how)
            key, before = self.key(), self.client.newest()
            for _ in range(2):
                answer = self.post(body, key, kind, "/v1/facts?dry_run=true")
                self.assertEqual(answer.status, 200, (how, answer))
                self.same(answer.json(), {"facts": Num(1),
                                          "securities": Num(1)}, how)
                self.assertIsNone(answer.header("Idempotency-Replayed"), how)
            self.stored_since(before, 0, how)


def new(label, attribute, value, date=DAY, **more):
    return {"security_id": "new:" + label, "attribute": attribute,
            "value": value, "effective_date": date, **more}


class Minted(OnceCase):
    def setUp(self):
        """A server of its own: ids begin at the first."""
        self.server.stop()
        self.server.drop()
        type(self).server = type(self.server)(*self.ARGS)
        self.addClassCleanup(self.server.drop)
        self.server.start()

    def minted(self, answer):
        doc = self.first(answer).json()
        return {label: int(i) - FIRST_ID for label, i in doc["minted"].items()}

    def test_in_every_format_ids_go_up(self):
        at = 0
        for how in FORMATS:
            kind, body = facts_body(
                [new("b", "k", "b1"), new("a.-_9", "k", "a1"),
                 new("b", "j", "b2")], how)
            answer = self.post(body, None, kind)
            self.assertEqual(self.minted(answer), {"b": at, "a.-_9": at + 1},
                             how)
            doc = answer.json()
            self.assertEqual(list(doc), ["tx", "recorded_at", "facts",
                                         "securities", "minted"], how)
            self.assertEqual(list(doc["minted"]), ["b", "a.-_9"], how)
            self.assertEqual(doc["securities"], Num(2), how)
            row = self.client.get("/v1/securities/%d" % (FIRST_ID + at)).json()
            self.assertEqual((row["j"], row["k"]), ("b2", "b1"), how)
            at += 2

    def test_what_is_taken_is_passed_over(self):
        self.stored([fact(FIRST_ID, "k", Num(1), DAY),
                     fact(FIRST_ID + 2, "k", Num(1), DAY)])
        body = dump([new("x", "k", Num(1)), new("y", "k", Num(1)),
                     fact(FIRST_ID + 3, "k", Num(1), DAY)])
        self.assertEqual(self.minted(self.post(body)), {"x": 1, "y": 4})
        self.stored([fact(FIRST_ID + 5, "k", Num(1), DAY),
                     retract(FIRST_ID + 5, "k", DAY)])
        body = dump([new("x", "k", Num(1))])
        self.assertEqual(self.minted(self.post(body)), {"x": 6},
                         "withdrawn, but it had a record")

    def test_a_refused_batch_and_a_dry_run_use_none(self):
        good = [new("x", "k", Num(1)), new("y", "k", Num(1))]
        refused = [
            dump(good + [retract(1, "gone", DAY)]), dump(good)[:-1],
            dump(good + [fact(1, "k", Num(1), "2023-02-29")]),
            dump([{**retract(1, "k", DAY), "security_id": "new:x"}])]
        for body in refused:
            answer = self.post(body)
            self.assertIn(answer.status, (400, 422), (body, answer))
        answer = self.post(dump(good), None, JSON, "/v1/facts?dry_run=true")
        self.same(answer.json()["minted"], {"x": None, "y": None})
        self.assertEqual(self.client.newest(), 0)
        self.assertEqual(self.minted(self.post(dump(good))), {"x": 0, "y": 1})

    def test_a_restart_and_a_kill_go_on(self):
        body = dump([new("x", "k", Num(1))])
        self.assertEqual(self.minted(self.post(body)), {"x": 0})
        self.server.restart()
        self.assertEqual(self.minted(self.post(body)), {"x": 1})
        self.server.kill()
        self.server.start()
        self.assertEqual(self.minted(self.post(body)), {"x": 2})

    def test_what_a_label_may_be(self):
        labels = [
            ("a", 201), ("A9._-", 201), ("x" * 64, 201), ("x" * 65, 422),
            ("", 422), (" ", 422), ("a b", 422), ("a/b", 422), ("é", 422),
            ("new:a", 422)]
        for label, status in labels:
            for how in FORMATS:
                kind, body = facts_body([new(label, "k", Num(1))], how)
                answer = self.post(body, None, kind)
                self.assertEqual(answer.status, status, (label, how, answer))
                if status == 422:
                    error = answer.json()["errors"][0]
                    self.assertIn("label", error["detail"], (label, how))
        for text in ("New:a", "new", "a", "1", ""):
            answer = self.post(dump([{**new("a", "k", Num(1)),
                                      "security_id": text}]))
            error = self.refused(422, answer, text)["errors"][0]
            self.assertEqual(error["pointer"], "/0/security_id", text)

    def test_retracted_in_order_of_arrival(self):
        gone = {**retract(1, "k", DAY), "security_id": "new:x"}
        answer = self.post(dump([gone]))
        error = self.refused(422, answer, "of nothing")["errors"][0]
        self.assertEqual(error["pointer"], "/0")
        answer = self.post(dump([gone, new("x", "k", Num(1))]))
        self.refused(422, answer, "before it is asserted")
        answer = self.post(dump([new("x", "k", Num(1)), gone]))
        self.assertEqual(self.minted(answer), {"x": 0})

    def test_positions_have_no_labels(self):
        answer = self.client.post("/v1/positions/join", dump(
            [{"security_id": "new:x", "quantity": Num(1), "date": DAY}]))
        self.refused(422, answer, "a position")

    def test_many_clients_get_ids_of_their_own(self):
        body = dump([new("x", "k", Num(1)), new("y", "k", Num(1))])
        given, clients, batches = [], 6, 20

        def send():
            client = Client(self.server.port)
            for _ in range(batches):
                doc = client.post("/v1/facts", body).json()
                given.extend(int(i) for i in doc["minted"].values())
            client.close()

        threads = [threading.Thread(target=send) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = 2 * clients * batches
        self.assertEqual(sorted(given),
                         list(range(FIRST_ID, FIRST_ID + count)))
        _, rows = read_table(self.client.get("/v1/master?format=csv"))
        self.assertEqual([int(row[0]) for row in rows], sorted(given))


if __name__ == "__main__":
    unittest.main()
