"""A request whose key is in use by one that is not answered yet: 409."""

import threading
import time
import unittest

from harness import NDJSON, Client, check_problem
from test_busy_store import MEMTABLE, BusyCase

TRIES = 30
LINE = ('{"security_id":1,"attribute":"k","value":"%s","effective_date":'
        '"2024-01-01"}\n')
BODY = LINE % ("v" * 20000)


class InFlight(BusyCase):
    def post_keyed(self, key, body=BODY):
        client = Client(self.server.port)
        answer = client.post("/v1/facts", body, NDJSON,
                             {"Idempotency-Key": key})
        client.close()
        return answer

    def meet(self, key):
        """One request waits for room, another comes: (its, the other's)."""
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(self.post_keyed(key)))
        thread.start()
        time.sleep(0.05)
        other = self.post_keyed(key)
        thread.join()
        return answers[0], other

    def test_until_it_is_answered(self):
        self.start(*MEMTABLE)
        self.hold("merger")
        self.post_until(503)
        for attempt in range(TRIES):
            key = "flight-%d" % attempt
            first, other = self.meet(key)
            if 409 in (first.status, other.status):
                break
        self.assertEqual(sorted((first.status, other.status)), [409, 503])
        refused = first if first.status == 409 else other
        self.assertEqual(check_problem(refused)["type"], "/problems/conflict")
        self.assertEqual(refused.header("Retry-After"), "1")
        self.assertIsNone(refused.header("Idempotency-Replayed"))

        # Nothing was stored, so the key is free; even for another body.
        self.let_go("merger")
        body = LINE % "other"
        answer = self.post_keyed(key, body)
        while answer.status == 503:
            answer = self.post_keyed(key, body)
        self.assertEqual(answer.status, 201, repr(answer))
        self.assertIsNone(answer.header("Idempotency-Replayed"))
        again = self.post_keyed(key, body)
        self.assertEqual(again.body, answer.body)
        self.assertEqual(again.header("Idempotency-Replayed"), "true")
        self.assertEqual(self.post_keyed(key).status, 422)


if __name__ == "__main__":
    unittest.main()
