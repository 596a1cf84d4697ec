"""Everything at once: facts, bars and trades posted and pushed, vendors polled,
runs cancelled, memory merged, and all of it read: what was known at a moment is
told the same for ever."""

import http.client
import json
import os
import threading
import time
import unittest

from harness import CSV, NDJSON, Client, Num, dump, fact
from polling import FIRST, SPAN, TODAY, fake_and_polling
from test_webhooks import facts, pushed, row, signed
from trading import bar, trade
from vendor_case import SECRETS

SECONDS, ROUNDS = 3, 3
SECURITIES = 12
DAY = "2024-05-%02d"

# What a known transaction settles, each as of a day that it is told.
TOLD = (
    "/v1/securities?as_of=2024-05-20", "/v1/master?to=2024-06-01",
    "/v1/securities/1/history?to=2024-06-01", "/v1/securities/1/facts?",
    "/v1/attributes?", "/v1/asset-classes?as_of=2024-05-20",
    "/v1/prices?date=2024-05-03", "/v1/prices/summary?period=week",
    "/v1/prices/moving-averages?windows=2,5", "/v1/securities/1/prices?",
    "/v1/securities/1/prices/summary?period=month",
    "/v1/securities/1/prices/moving-averages?windows=3", "/v1/trades?",
    "/v1/trades?ticker=T1&amendments=all", "/v1/securities/1/trades?",
    "/v1/trades/summary?by=member", "/v1/trades/summary?by=sector",
    "/v1/members?as_of=2024-05-20")
# What changes without one.
LOOKED_AT = ("/v1/vendors", "/v1/vendors/polygon/runs",
             "/v1/vendors/benzinga/runs", "/v1/quarantine", "/metrics",
             "/v1/changes?limit=3", "/v1/transactions?limit=3", "/readyz")


class Stopped(Exception):
    """The server no longer answers, as it should."""


class Together(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        os.environ.update(SECRETS)
        self.fake, self.polling = fake_and_polling(
            "calm", polygon={"webhook_secret_env": "TEST_WEBHOOK_SECRET"},
            benzinga={"webhook_path_env": "TEST_WEBHOOK_PATH"})
        self.addCleanup(self.fake.stop)
        self.polling.server.args += ("--memtable-bytes", "65536")
        self.polling.__enter__()
        self.addCleanup(self.polling.__exit__)
        self.until = time.monotonic() + SECONDS
        self.lock = threading.Lock()
        self.wrong = []
        self.told = {}  # (path, known_tx): the answer's bytes
        self.made = {}  # by kind: how many were stored
        self.is_stopping = False

    def rounds(self, work):
        """The work, with a client and a number, until time is up, and a few
        times however slow it is."""
        client = Client(self.polling.server.port)
        number = 0
        try:
            while number < ROUNDS or time.monotonic() < self.until:
                number += 1
                work(client, number)
        except Exception as error:  # pylint: disable=broad-except
            cut = isinstance(error, (Stopped, OSError,
                                     http.client.HTTPException))
            if not (cut and self.is_stopping):
                self.wrong.append("%s: %r" % (work.__name__, error))
        finally:
            client.close()

    def check(self, answer, what, *statuses):
        if answer.status == 503 and self.is_stopping:
            raise Stopped()
        if answer.status not in statuses:
            raise AssertionError("%s: %r" % (what, answer))

    def count(self, kind):
        with self.lock:
            self.made[kind] = self.made.get(kind, 0) + 1

    def post_facts(self, client, number):
        rows = [fact(1 + (number + i) % SECURITIES, "n", Num(number),
                     DAY % (1 + number % 28)) for i in range(3)]
        rows.append(fact(1 + number % SECURITIES, "gics_sector",
                         "S%d" % (number % 3), DAY % (1 + number % 28)))
        self.check(client.post_facts(rows), "facts", 201)
        self.count("facts")

    def post_bars(self, client, number):
        rows = [bar(1 + i, DAY % (1 + number % 28), "%d.5" % number)
                for i in range(SECURITIES)]
        self.check(client.post("/v1/prices", dump({"prices": rows})), "bars",
                   201)
        self.count("bars")

    def post_bars_of_tickers(self, client, number):
        rows = [{**bar(1, DAY % 3, "%d" % number), "ticker": "T1"},
                {**bar(1, DAY % 3, "1"), "ticker": "NEW%d" % number}]
        for one in rows:
            del one["security_id"]
        self.check(client.post("/v1/prices?create=true",
                               dump({"prices": rows})), "tickers", 201)
        self.count("tickers")

    def post_trades(self, client, number):
        rows = [trade("t%d" % number, DAY % (1 + number % 28), ticker="T1",
                      member_id="M%d" % (number % 5), party="R",
                      member_name="%d" % number, amount="$1,001 - $15,000",
                      updated=Num(1714521600 + number))]
        rows.append({**rows[0], "transaction_id": "same",
                     "amendment_number": Num(number)})
        self.check(client.post("/v1/trades", dump({"trades": rows})), "trades",
                   201)
        self.count("trades")

    def push(self, client, path, body, headers):
        """A delivery that comes twice, at once."""
        def push_one(one):
            try:
                answers.append(one.post(path, body, headers=headers))
            except (OSError, http.client.HTTPException):
                pass
        answers, other = [], Client(self.polling.server.port)
        again = threading.Thread(target=push_one, args=(other,))
        again.start()
        push_one(client)
        again.join()
        other.close()
        for answer in answers:
            self.check(answer, path, 204)
        if len(answers) < 2:
            raise Stopped()

    def push_signed(self, client, number):
        body = facts("pushed-%d" % number)
        self.push(client, "/v1/webhooks/polygon", body,
                  signed("delivery-%d" % number, body))
        self.count("signed")

    def push_unsigned(self, client, number):
        name = "p%d" % number
        path = "/v1/webhooks/benzinga/" + SECRETS["TEST_WEBHOOK_PATH"]
        self.push(client, path, pushed(name, "Created", row("pushed-" + name)),
                  {})
        self.push(client, path, b'{"id":"x%d"}' % number, {})
        self.count("unsigned")

    def poll(self, client, number):
        """A run of each dataset in turn; every third one is cancelled."""
        vendor, dataset, days = (
            ("polygon", "tickers", (FIRST, FIRST)),
            ("polygon", "tickers", (TODAY, TODAY)),
            ("polygon", "open-close", SPAN), ("polygon", "splits", SPAN),
            ("benzinga", "trades", SPAN))[number % 5]
        path = "/v1/vendors/%s/runs" % vendor
        answer = client.post(path, json.dumps(
            {"dataset": dataset, "from": days[0], "to": days[1]}))
        self.check(answer, "run", 202, 409)
        if answer.status == 409:
            return
        where = answer.header("Location")
        if number % 3 == 0:
            self.check(client.request("DELETE", where), "cancel", 200, 409)
        state = "queued"
        while state in ("queued", "running") \
                and time.monotonic() < self.until:
            time.sleep(0.01)
            answer = client.get(where)
            self.check(answer, where, 200)
            state = answer.json()["state"]

    def settle(self, client, number):
        """Look at the newest stray, and throw it away."""
        answer = client.get("/v1/quarantine?limit=1")
        self.check(answer, "quarantine", 200)
        rows = answer.json()["quarantine"]
        if rows:
            action = "release" if number % 4 == 0 else "discard"
            self.check(client.request("POST", "/v1/quarantine/%s/%s" % (
                rows[0]["id"], action)), action, 200, 202, 409, 422)

    def look(self, client, number):
        path = LOOKED_AT[number % len(LOOKED_AT)]
        self.check(client.get(path), path, 200)

    def ask(self, client, number):
        """At the newest transaction, or once more at an earlier one."""
        with self.lock:
            known = list(self.told)
        if number % 3 == 0:
            self.same(client, *known[number * 7919 % len(known)])
            return
        answer = client.get("/v1/securities?limit=1")
        self.check(answer, "newest", 200)
        self.same(client, TOLD[len(known) % len(TOLD)], answer.tx)

    def same(self, client, path, tx):
        accept = CSV if "/prices" in path else NDJSON + ",*/*;q=0.1"
        answer = client.get("%s%sknown_tx=%d" % (
            path, "" if path.endswith("?") else "&", tx), Accept=accept)
        if answer.status == 503 and path == "/v1/attributes?":
            return  # one pass over all facts at a time
        self.check(answer, path, 200)
        with self.lock:
            before = self.told.setdefault((path, tx), answer.body)
        if answer.body != before:
            raise AssertionError("%s at %d: %r, then %r" % (
                path, tx, before[:900], answer.body[:900]))

    def start(self):
        first = [fact(1 + i, "ticker", "T%d" % (1 + i), "2024-01-01")
                 for i in range(SECURITIES)]
        self.check(self.polling.client.post_facts(first), "tickers", 201)
        works = (self.post_facts, self.post_bars, self.post_bars_of_tickers,
                 self.post_trades, self.push_signed, self.push_unsigned,
                 self.poll, self.poll, self.settle, self.look, self.look,
                 self.ask, self.ask, self.ask)
        self.threads = [threading.Thread(target=self.rounds, args=(work,))
                        for work in works]
        for thread in self.threads:
            thread.start()

    def end(self):
        for thread in self.threads:
            thread.join()
        self.assertEqual(self.wrong, [])

    def told_again(self):
        for path, tx in self.told:
            self.same(self.polling.client, path, tx)

    def test_what_was_known_is_told_the_same(self):
        self.start()
        self.end()
        self.check_stored(0)
        for path in TOLD:
            self.same(self.polling.client, path, self.polling.client.newest())
        self.told_again()
        self.polling.server.restart()
        self.told_again()

    def test_a_stop_in_full_swing_keeps_what_it_answered(self):
        self.start()
        time.sleep(1)
        self.is_stopping = True
        self.polling.server.stop()
        self.end()
        self.is_stopping = False
        self.polling.server.start()
        self.check_stored(1)
        self.told_again()

    def check_stored(self, unanswered):
        """Nothing is lost, nothing is there twice; of each kind so many more
        may be there as had no answer."""
        def check(kind, got, each=1):
            made = self.made.get(kind, 0)
            self.assertIn(got, [each * (made + more)
                                for more in range(unanswered + 1)], kind)
        said = [(line["attribute"], str(line["value"]))
                for line in self.changes()]
        check("facts", sum(name == "n" for name, _ in said), each=3)
        for kind, begin in (("signed", ("k0", "pushed-")),
                            ("tickers", ("ticker", "NEW"))):
            check(kind, sum(name == begin[0] and text.startswith(begin[1])
                            for name, text in said))
        ids = [line["transaction_id"] for line in self.polling.trades()]
        for kind, begin in (("trades", "t"), ("trades", "same"),
                            ("unsigned", "pushed-")):
            check(kind, sum(one.startswith(begin) for one in ids))
        check("unsigned", sum(entry["dataset"] == "webhook"
                              for entry in self.polling.quarantine()))
        bars = {line[1]: line[5] for line in self.polling.prices(2)}
        self.assertIn(bars, [self.closes(self.made.get("bars", 0) + more)
                             for more in range(unanswered + 1)])

    @staticmethod
    def closes(count):
        """What those that were posted last come to, by day."""
        return {DAY % (1 + number % 28): Num("%d.5" % number)
                for number in range(1, count + 1)}

    def changes(self):
        """All facts, page by page."""
        path = "/v1/changes?limit=10000"
        while path:
            answer = self.polling.client.get(path)
            self.check(answer, path, 200)
            lines = answer.json()["changes"]
            yield from lines
            path = answer.next_link() if lines else None


if __name__ == "__main__":
    unittest.main()
