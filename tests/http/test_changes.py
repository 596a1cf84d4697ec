"""The change feed: order, pages, waiting, and what ends a wait."""

import http.client
import os
import random
import re
import resource
import socket
import threading
import time
import unittest

from harness import (JSON, NDJSON, Client, Num, Server, ServerCase, dump,
                     fact, parse, retract)
from reference import Book, Rule

D1, D2, D3 = "2024-01-01", "2024-02-01", "2024-03-01"
MEMBERS = ["tx", "recorded_at", "security_id", "attribute", "value",
           "effective_date", "source", "op"]
CLIENTS = int(os.environ.get("CLIENTS", "1000"))


def figure(client, name):
    text = client.get("/metrics").body.decode()
    return int(re.search(r"^secmaster_%s (\d+)$" % name, text, re.M).group(1))


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def request_bytes(path):
    return ("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path).encode()


def read_answer(sock):
    """(head, body) of an answer with a Content-Length, and no byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        if not piece:
            raise EOFError(head)
        head += piece
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    body = b""
    while len(body) < length:
        body += sock.recv(length - len(body))
    return head, body


class Feed(ServerCase):
    """A book beside the server, to compare the feed with."""

    def setUp(self):
        self.book = Book()
        self.recorded_at = []
        self.fresh = Server()
        self.addCleanup(self.fresh.drop)
        self.fresh.start()

    def post(self, facts, how="json"):
        answer = self.fresh.client.post_facts(facts, how)
        self.assertEqual(answer.status, 201, answer)
        self.recorded_at.append(answer.json()["recorded_at"])
        self.assertEqual(self.book.post(facts), answer.tx)

    def rule(self, *sources):
        self.book.put_rule(Rule(sources))
        answer = self.fresh.client.request(
            "PUT", "/v1/precedence", dump({"default": sources}).encode(),
            {"Content-Type": JSON})
        self.assertEqual(answer.status, 200, answer)
        self.recorded_at.append(None)

    def want(self, after_tx, limit=1000):
        facts, last_tx = self.book.changes(after_tx, limit)
        told = []
        for one in facts:
            full = {"tx": one["tx"],
                    "recorded_at": self.recorded_at[one["tx"] - 1]}
            full.update(one)
            self.assertEqual(list(full), MEMBERS)
            told.append(full)
        return told, last_tx

    def get(self, query):
        answer = self.fresh.client.get("/v1/changes?" + query)
        self.assertEqual(answer.status, 200, (query, answer))
        self.assertEqual(answer.tx, self.book.newest, query)
        return answer

    def check(self, after_tx, limit=None):
        """Both formats against the book; returns last_tx."""
        query = "after_tx=%d" % after_tx
        if limit is not None:
            query += "&limit=%d" % limit
        facts, last_tx = self.want(after_tx, limit or 1000)
        doc = self.get(query).json()
        self.assertEqual(list(doc), ["changes", "last_tx"])
        self.same(doc["changes"], facts, query)
        self.assertEqual(doc["last_tx"], Num(last_tx), query)
        answer = self.get(query + "&format=ndjson")
        self.assertEqual(answer.header("Secmaster-Last-Tx"), str(last_tx))
        self.assertEqual(answer.header("Content-Type").split(";")[0], NDJSON)
        self.same([parse(line) for line in answer.body.split(b"\n")[:-1]],
                  facts, query)
        return last_tx

    def check_all(self, limit):
        last_tx, pages = 0, 0
        while last_tx < self.book.newest:
            following = self.check(last_tx, limit)
            self.assertGreater(following, last_tx)
            last_tx, pages = following, pages + 1
        return pages

    def test_facts_stand_as_they_were_sent(self):
        """Back and forth between securities and days, in every format."""
        self.post([fact(1, "a", Num("1.50"), D1), fact(2, "a", "x", D1),
                   fact(1, "b", None, D1), fact(1, "a", True, D2),
                   fact(2, "b", "é\"\\\n", D1, source="s"),
                   fact(1, "a", Num("2"), D1), fact(1, "c", False, D1)])
        self.check(0)
        self.post([retract(1, "a", D1), fact(3, "a", Num("1"), D3),
                   fact(1, "a", "again", D1), retract(1, "b", D1)])
        self.check(0)
        rng = random.Random(20240229)
        for how in ("json", "array", "ndjson", "csv") * 5:
            facts = [fact(rng.randint(1, 4), rng.choice("abc"),
                          Num(rng.randint(0, 9)), rng.choice((D1, D2, D3)),
                          source=rng.choice(("default", "s")))
                     for _ in range(rng.choice((1, 2, 5, 60)))]
            self.post(facts, how)
        self.check(0, 10000)
        for limit in (1, 2, 7, 60, 61, 100, 10000):
            self.check_all(limit)
        self.fresh.restart()
        self.check(0, 10000)
        self.fresh.kill()
        self.fresh.start()
        self.check_all(50)

    def test_pages_are_whole_transactions(self):
        sizes = (3, 1, 1, 5, 2)
        for size in sizes:
            self.post([fact(i, "k", Num(i), D1) for i in range(size)])
        # (after_tx, limit): (facts, last_tx)
        rows = {(0, 1): (3, 1), (0, 3): (3, 1), (0, 4): (4, 2),
                (0, 5): (5, 3), (0, 9): (5, 3), (0, 10): (10, 4),
                (0, 12): (12, 5), (0, 1000): (12, 5), (1, 1): (1, 2),
                (1, 2): (2, 3), (3, 1): (5, 4), (4, 1): (2, 5),
                (0, 99999): (12, 5)}
        for (after_tx, limit), (facts, last_tx) in rows.items():
            doc = self.get("after_tx=%d&limit=%d" % (after_tx, limit)).json()
            self.assertEqual((len(doc["changes"]), int(doc["last_tx"])),
                             (facts, last_tx), (after_tx, limit))

    def test_transactions_without_facts_just_move_last_tx(self):
        self.rule("a")
        self.same(self.get("").json(), {"changes": [], "last_tx": Num(1)})
        self.post([fact(1, "k", Num(1), D1)])
        self.rule("b")
        self.rule("c")
        self.check(0)
        self.check(0, 1)
        self.same(self.get("after_tx=2").json(),
                  {"changes": [], "last_tx": Num(4)})
        self.post([fact(1, "k", Num(2), D1)])
        self.check(0, 1)
        self.check(2, 1)
        # What only moves last_tx ends no wait by itself: it is no wait.
        began = time.monotonic()
        self.get("after_tx=2&wait=30")
        self.assertLess(time.monotonic() - began, 10)

    def test_at_or_above_the_newest(self):
        empty = {"changes": [], "last_tx": Num(0)}
        for query in ("", "after_tx=0", "after_tx=7", "wait=0"):
            self.same(self.get(query).json(), empty, query)
        self.post([fact(1, "k", Num(1), D1)])
        for after_tx in ("1", "2", "999999999999", "18446744073709551615",
                         "99999999999999999999999"):
            doc = self.get("after_tx=" + after_tx).json()
            self.same(doc, {"changes": [], "last_tx": Num(1)}, after_tx)
            answer = self.get("format=ndjson&after_tx=" + after_tx)
            self.assertEqual(answer.body, b"")
            self.assertEqual(answer.header("Secmaster-Last-Tx"), "1")

    def test_many_small_transactions(self):
        """More than a turn on the loop, and more than a page may have."""
        for i in range(300):
            self.post([fact(i, "k", Num(i), D1)])
        self.check(0, 1000)
        self.assertEqual(self.check_all(100), 3)
        self.check(17, 60)

    def test_conditional_and_head(self):
        self.post([fact(1, "k", Num(1), D1)])
        answer = self.get("after_tx=0")
        tag = answer.header("ETag")
        self.assertTrue(tag)
        again = self.fresh.client.get("/v1/changes?after_tx=0",
                                      If_None_Match=tag)
        self.assertEqual(again.status, 304)
        first = self.get("after_tx=0&limit=1").header("ETag")
        self.post([fact(2, "k", Num(1), D1)])
        again = self.fresh.client.get("/v1/changes?after_tx=0",
                                      If_None_Match=tag)
        self.assertEqual(again.status, 200)
        # A page that is full stays as it is.
        self.assertEqual(self.get("after_tx=0&limit=1").header("ETag"), first)
        head = self.fresh.client.request("HEAD", "/v1/changes?format=ndjson")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.header("Secmaster-Last-Tx"), "2")
        packed = self.fresh.client.get("/v1/changes?limit=1",
                                       Accept_Encoding="gzip")
        self.assertEqual(packed.status, 200)


class Refusals(ServerCase):
    def test_parameters(self):
        for status, query in (
                (400, "after_tx=-1"), (400, "after_tx=x"), (400, "after_tx="),
                (400, "after_tx=1.0"), (400, "wait=61"), (400, "wait=-1"),
                (400, "wait=x"), (400, "wait=1.5"), (400, "wait=1&wait=1"),
                (400, "limit=0"), (400, "limit=x"), (400, "cursor=x"),
                (400, "known_tx=0"), (400, "format=xml"), (406, "format=csv"),
                (400, "wait=99999999999999999999999")):
            began = time.monotonic()
            self.refused(status, self.client.get("/v1/changes?" + query),
                         query)
            self.assertLess(time.monotonic() - began, 10, query)
        self.refused(405, self.client.post("/v1/changes", "{}"), "POST")


class Waiting(ServerCase):
    def feed(self, query, timeout=70):
        client = Client(self.server.port, timeout)
        self.addCleanup(client.close)
        return client.get("/v1/changes?" + query)

    def in_background(self, query):
        told = []
        thread = threading.Thread(
            target=lambda: told.append((self.feed(query), time.monotonic())))
        before = self.waiting()
        thread.start()
        self.assertTrue(until(lambda: self.waiting() == before + 1), query)
        return thread, told

    def waiting(self):
        return figure(self.client, "waiting_requests")

    def test_a_commit_ends_the_wait_at_once(self):
        for format_ in ("json", "ndjson"):
            newest = self.client.newest()
            thread, told = self.in_background(
                "after_tx=%d&wait=60&format=%s" % (newest, format_))
            stored = self.stored([fact(1, "k", Num(1), D1)])
            at = time.monotonic()
            thread.join()
            answer, answered = told[0]
            self.assertLess(answered - at, 10)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.tx, stored.tx)
            if format_ == "json":
                doc = answer.json()
                self.assertEqual(doc["last_tx"], Num(stored.tx))
                self.assertEqual(len(doc["changes"]), 1)
            else:
                self.assertEqual(answer.header("Secmaster-Last-Tx"),
                                 str(stored.tx))
            self.assertEqual(self.waiting(), 0)

    def test_any_commit_does(self):
        newest = self.client.newest()
        thread, told = self.in_background("after_tx=%d&wait=60" % (newest + 5))
        answer = self.client.request("PUT", "/v1/precedence", b"{}",
                                     {"Content-Type": JSON})
        self.assertEqual(answer.status, 200)
        thread.join()
        self.same(told[0][0].json(),
                  {"changes": [], "last_tx": Num(newest + 1)})

    def test_time_ends_it_with_an_empty_page(self):
        newest = self.client.newest()
        for seconds in (1, 2):
            began = time.monotonic()
            answer = self.feed("after_tx=%d&wait=%d" % (newest, seconds))
            took = time.monotonic() - began
            self.same(answer.json(), {"changes": [], "last_tx": Num(newest)})
            self.assertTrue(seconds <= took < seconds + 10, took)

    def test_what_is_there_is_not_waited_for(self):
        stored = self.stored([fact(1, "k", Num(1), D1)])
        began = time.monotonic()
        answer = self.feed("after_tx=%d&wait=60" % (stored.tx - 1))
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(len(answer.json()["changes"]), 1)

    def test_a_reader_sees_every_fact_once(self):
        """While a writer posts, followers go from page to page."""
        start, total, got = self.client.newest(), 120, {}

        def follow(number):
            client, last_tx, mine = Client(self.server.port), start, []
            while len(mine) < total:
                answer = client.get("/v1/changes?after_tx=%d&wait=20&limit=%d"
                                    % (last_tx, number + 1))
                doc = answer.json()
                mine += [int(c["value"]) for c in doc["changes"]]
                last_tx = int(doc["last_tx"])
            client.close()
            got[number] = mine

        threads = [threading.Thread(target=follow, args=(n,))
                   for n in range(4)]
        for thread in threads:
            thread.start()
        for i in range(total):
            self.stored([fact(1, "n", Num(i), D1)])
        for thread in threads:
            thread.join()
        for number in range(4):
            self.assertEqual(got[number], list(range(total)), number)

    def test_who_hangs_up_is_forgotten_at_once(self):
        newest = self.client.newest()
        path = "/v1/changes?after_tx=%d&wait=60" % newest
        connections = figure(self.client, "connections")
        for how in ("close", "reset", "half"):
            socks = [self.server.raw() for _ in range(20)]
            for sock in socks:
                sock.sendall(request_bytes(path))
            self.assertTrue(until(lambda: self.waiting() == 20), how)
            for sock in socks:
                if how == "reset":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b"\1\0\0\0\0\0\0\0")
                if how == "half":
                    sock.shutdown(socket.SHUT_WR)
                else:
                    sock.close()
            began = time.monotonic()
            self.assertTrue(until(lambda: self.waiting() == 0), how)
            self.assertTrue(until(
                lambda: figure(self.client, "connections") <= connections),
                how)
            self.assertLess(time.monotonic() - began, 10, how)
            for sock in socks:
                sock.close()
        self.stored([fact(1, "k", Num(1), D1)])
        self.assertEqual(self.feed("after_tx=%d" % newest).status, 200)

    def test_a_connection_goes_on_behind_a_wait(self):
        """Two requests at once: the second is answered behind the first."""
        newest = self.client.newest()
        with self.server.raw(timeout=30) as sock:
            sock.sendall(request_bytes(
                "/v1/changes?after_tx=%d&wait=60" % newest))
            self.assertTrue(until(lambda: self.waiting() == 1))
            sock.sendall(request_bytes("/v1/transactions/%d" % newest)
                         if newest else request_bytes("/v1/precedence"))
            time.sleep(0.1)
            self.assertEqual(self.waiting(), 1)
            tx = self.stored([fact(1, "k", Num(1), D1)]).tx
            head, body = read_answer(sock)
            self.assertEqual(parse(body)["last_tx"], Num(tx))
            head, body = read_answer(sock)
            self.assertTrue(head.startswith(b"HTTP/1.1 200"), head)

    def test_a_thousand_wait_without_a_thread_each(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (min(hard, 2 * CLIENTS + 200), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        tasks = "/proc/%d/task" % self.server.process.pid
        newest = self.stored([fact(1, "k", Num(0), D1)]).tx
        before = len(os.listdir(tasks))
        socks = [self.server.raw(timeout=60) for _ in range(CLIENTS)]
        for sock in socks:
            self.addCleanup(sock.close)
            sock.sendall(request_bytes(
                "/v1/changes?after_tx=%d&wait=60" % newest))
        self.assertTrue(until(lambda: self.waiting() == CLIENTS, 30),
                        self.waiting())
        self.assertEqual(len(os.listdir(tasks)), before)
        # They cost no processor either, and nobody else any time.
        used = self.processor_s()
        time.sleep(1)
        self.assertLess(self.processor_s() - used, 0.2)
        began = time.monotonic()
        self.assertEqual(self.client.get("/livez").status, 200)
        self.assertLess(time.monotonic() - began, 5)
        tx = self.stored([fact(1, "k", Num(1), D1)]).tx
        for sock in socks:
            _, body = read_answer(sock)
            doc = parse(body)
            self.assertEqual((len(doc["changes"]), doc["last_tx"]),
                             (1, Num(tx)))
        self.assertEqual(self.waiting(), 0)
        self.assertEqual(len(os.listdir(tasks)), before)

    def processor_s(self):
        with open("/proc/%d/stat" % self.server.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Drain(unittest.TestCase):
    def test_a_shutdown_answers_who_waits_at_once(self):
        server = Server()
        self.addCleanup(server.drop)
        server.start()
        tx = server.client.post_facts([fact(1, "k", Num(1), D1)]).tx
        socks = [server.raw(timeout=20) for _ in range(50)]
        for sock in socks:
            sock.sendall(request_bytes(
                "/v1/changes?after_tx=%d&wait=60" % tx))
        self.assertTrue(until(
            lambda: figure(server.client, "waiting_requests") == 50))
        began = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - began, 10)
        for sock in socks:
            head, body = read_answer(sock)
            self.assertTrue(head.startswith(b"HTTP/1.1 200"), head)
            self.assertIn(b"\r\nConnection: close", head)
            self.assertEqual(body, b'{"changes":[],"last_tx":%d}' % tx)
            self.assertEqual(sock.recv(1), b"")
            sock.close()


class Large(ServerCase):
    FACTS = 250000

    def test_a_large_transaction_is_streamed(self):
        """Read slowly, counted while it is read, and holding nothing up."""
        lines = "".join(
            '{"security_id":%d,"attribute":"k","value":%d,'
            '"effective_date":"2024-01-0%d"}\n' % (i % 5000, i, 1 + i % 9)
            for i in range(self.FACTS))
        answer = self.client.post("/v1/facts", lines, NDJSON)
        self.assertEqual(answer.status, 201, answer)
        tx = answer.tx
        small = self.stored([fact(1, "k", Num(1), D1)]).tx
        # The first is larger than any limit, and so alone.
        reader = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                            timeout=60)
        self.addCleanup(reader.close)
        reader.request("GET", "/v1/changes?limit=10&format=ndjson")
        response = reader.getresponse()
        body = response.read(1000)
        self.assertTrue(until(lambda: figure(
            self.client, "answer_bytes_in_flight") > 4 << 20))
        self.assertEqual(self.client.get("/livez").status, 200)
        for _ in range(20):
            self.stored([fact(2, "k", Num(1), D2)])
        body += response.read()
        self.assertEqual(response.headers["Secmaster-Last-Tx"], str(tx))
        values = re.findall(rb'"value":(\d+),', body)
        self.assertEqual(len(values), self.FACTS)
        self.assertEqual(values, [b"%d" % i for i in range(self.FACTS)])
        self.assertTrue(until(lambda: figure(
            self.client, "answer_bytes_in_flight") == 0))
        doc = self.client.get("/v1/changes?after_tx=%d&limit=1" % tx).json()
        self.assertEqual(doc["last_tx"], Num(small))
        answer = self.client.get("/v1/changes?limit=1")
        doc = answer.json()
        self.assertEqual((len(doc["changes"]), doc["last_tx"]),
                         (self.FACTS, Num(tx)))


if __name__ == "__main__":
    unittest.main()
