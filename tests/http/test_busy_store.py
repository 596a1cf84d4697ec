"""A store that cannot take more for now: 503 and 507, nothing half stored,
nothing acknowledged lost, and on it goes when there is room again."""

import os
import resource
import shutil
import tempfile
import threading
import unittest

from harness import NDJSON, Client, Server, check_problem, read_table
from in_hand import metric, patiently, wait_until

DAY = "2024-01-01"
FACTS = 100
CLIENTS = 6
MEMTABLE = ("--memtable-bytes", "65536")
ENOUGH = 2000  # batches by which any small limit has been met


class BusyCase(unittest.TestCase):
    """A server whose merger and disk are in our hand."""

    def start(self, *args):
        self.hand = tempfile.mkdtemp(prefix="secmaster-hand-")
        self.addCleanup(shutil.rmtree, self.hand)
        self.set_variable("IN_HAND", self.hand)
        self.server = Server(*args)
        self.addCleanup(self.server.drop)
        self.addCleanup(self.let_all_go)  # before the server is stopped
        self.server.start()
        self.lock = threading.Lock()
        self.sent, self.stored = 0, {}  # security -> value
        return self.server.client

    def set_variable(self, name, value):
        os.environ[name] = value
        self.addCleanup(os.environ.pop, name, None)

    def hold(self, what):
        open(os.path.join(self.hand, what), "w").close()

    def let_go(self, what):
        os.unlink(os.path.join(self.hand, what))

    def let_all_go(self):
        for what in os.listdir(self.hand):
            self.let_go(what)

    def post(self, client, facts=FACTS, value_bytes=20):
        """A batch of securities of its own; noted when it is stored."""
        with self.lock:
            self.sent += 1
            first = self.sent * 1000
        batch = {first + i: "%d-%s" % (first + i, "v" * value_bytes)
                 for i in range(facts)}
        body = "".join(
            '{"security_id":%d,"attribute":"k","value":"%s","effective_date":'
            '"%s"}\n' % (security, value, DAY)
            for security, value in batch.items())
        answer = client.post("/v1/facts", body, NDJSON)
        if answer.status == 201:
            with self.lock:
                self.stored.update(batch)
        return answer

    def post_until(self, status, **more):
        """Batches one by one; the answer that is not 201."""
        for _ in range(ENOUGH):
            answer = self.post(self.server.client, **more)
            if answer.status != 201:
                self.assertEqual(answer.status, status, repr(answer))
                return answer
        self.fail("all of %d batches were stored" % ENOUGH)

    def check_refusal(self, answer, status, slug):
        doc = check_problem(answer)
        self.assertEqual(answer.status, status, doc)
        self.assertEqual(doc["type"], "/problems/" + slug, doc)
        if status == 503:
            self.assertRegex(answer.header("Retry-After") or "", r"^[1-9]\d*$")

    def check_whole(self, when):
        """What was acknowledged is there, and no more."""
        columns, rows = read_table(
            self.server.client.get("/v1/master?format=csv"))
        got = {int(row[0]): row[columns.index("k")] for row in rows}
        self.assertEqual(len(got), len(rows), when)
        self.assertTrue(got == self.stored, "%s: %d rows, %d stored" % (
            when, len(got), len(self.stored)))

    def check_goes_on(self):
        """With room again: writes, merges, and a restart off the disk."""
        client = self.server.client
        for _ in range(20):
            answer = patiently(lambda: self.post(client))
            self.assertEqual(answer.status, 201, repr(answer))
        self.assertEqual(client.get("/readyz").status, 200)
        self.check_whole("room again")
        self.assertTrue(wait_until(
            lambda: metric(client, "sealed_memtables") == 0))
        self.assertGreater(metric(client, "merges_total"), 0)
        self.assertEqual(metric(client, "merge_failed"), 0)
        self.server.restart()
        self.check_whole("restarted")

    def check_goes_on_with(self, *args):
        self.server.args = args
        self.server.restart()
        self.check_goes_on()


class Merger(BusyCase):
    def test_writes_wait_then_get_503_while_the_merger_is_behind(self):
        client = self.start(*MEMTABLE)
        self.hold("merger")
        answer = self.post_until(503)
        self.check_refusal(answer, 503, "unavailable")
        newest = client.newest()
        self.assertEqual(answer.tx, newest)
        self.assertEqual(newest * FACTS, len(self.stored))
        self.assertEqual(metric(client, "sealed_memtables"), 1)
        self.check_refusal(self.post(client), 503, "unavailable")
        self.check_whole("while it is behind")
        self.assertEqual(client.newest(), newest)
        self.let_go("merger")
        self.assertEqual(patiently(lambda: self.post(client)).status, 201)
        self.check_goes_on()

    def post_many(self, statuses, faults):
        client = Client(self.server.port)
        try:
            for _ in range(30):
                answer = self.post(client)
                with self.lock:
                    statuses.append(answer.status)
                if answer.status == 503:
                    self.check_refusal(answer, 503, "unavailable")
        except Exception as fault:
            faults.append(fault)
        client.close()

    def test_many_writers_at_once_get_201_or_503_and_nothing_else(self):
        client = self.start(*MEMTABLE)
        statuses, faults = [], []
        threads = [threading.Thread(target=self.post_many,
                                    args=(statuses, faults))
                   for _ in range(CLIENTS)]
        self.hold("merger")
        for thread in threads:
            thread.start()
        self.assertTrue(wait_until(lambda: 503 in statuses))
        self.check_whole_while(threads)
        self.let_go("merger")
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])
        self.assertEqual(set(statuses), {201, 503})
        self.assertEqual(client.newest(), statuses.count(201))
        self.check_whole("all have been answered")
        self.check_goes_on()

    def check_whole_while(self, threads):
        """Reads are answered beside writers that wait."""
        for _ in range(5):
            with self.lock:
                acked = dict(self.stored)
            columns, rows = read_table(
                self.server.client.get("/v1/master?format=csv"))
            got = {int(r[0]): r[columns.index("k")] for r in rows}
            self.assertLessEqual(acked.items(), got.items())
        self.assertTrue(any(thread.is_alive() for thread in threads))

    def test_a_kill_while_the_merger_is_behind_loses_nothing(self):
        self.start(*MEMTABLE)
        self.hold("merger")
        self.post_until(503)
        self.server.kill()
        self.let_go("merger")
        self.server.start()
        self.check_whole("killed")
        self.check_goes_on()


class Disk(BusyCase):
    def check_full(self, what, **size):
        """507 while it is held, nothing stored, and on when it is not."""
        client = self.start()
        for _ in range(20):
            self.assertEqual(self.post(client).status, 201)
        newest = client.newest()
        self.hold(what)
        for _ in range(3):
            answer = self.post(client, **size)
            self.check_refusal(answer, 507, "full")
            self.assertEqual(answer.tx, newest)
        self.assertEqual(client.get("/readyz").status, 503)
        self.assertEqual(metric(client, "store_full"), 1)
        self.check_whole("full")
        self.let_go(what)
        answer = self.post(client, **size)
        self.assertEqual((answer.status, answer.tx), (201, newest + 1))
        self.check_whole("there is room again")
        self.check_goes_on_with(*MEMTABLE)

    def test_507_before_the_reserve_is_touched(self):
        self.check_full("reserve")

    def test_507_when_a_commit_finds_the_disk_full(self):
        self.check_full("disk", facts=1000, value_bytes=1000)

    def test_the_merger_waits_for_room_and_goes_on(self):
        client = self.start(*MEMTABLE)
        self.hold("merger")
        self.post_until(503)
        self.hold("disk")
        self.let_go("merger")
        self.assertTrue(wait_until(lambda: metric(client, "store_full")))
        self.check_refusal(self.post(client), 503, "unavailable")
        self.assertEqual(metric(client, "merge_failed"), 0)
        self.assertEqual(metric(client, "merges_total"), 0)
        self.check_whole("no room for the index")
        self.let_go("disk")
        self.assertEqual(patiently(lambda: self.post(client)).status, 201)
        self.check_goes_on()

    def test_507_at_the_end_of_the_journals_map(self):
        self.set_variable("IN_HAND_MAP_BYTES", str(4 << 20))
        client = self.start()
        answer = self.post_until(507, facts=1000, value_bytes=100)
        self.check_refusal(answer, 507, "full")
        self.assertEqual(client.newest() * 1000, len(self.stored))
        self.check_whole("the map is full")
        os.environ["IN_HAND_MAP_BYTES"] = str(64 << 20)
        self.server.restart()
        self.check_whole("a larger map")
        self.check_goes_on_with(*MEMTABLE)


class FileSize(BusyCase):
    """A limit on the size of files is an error of the write, not a signal."""

    def limit(self, size):
        hard = resource.prlimit(self.server.process.pid,
                                resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE,
                         (size, hard))

    def file_bytes(self, name):
        return os.path.getsize(os.path.join(self.server.data, name,
                                            "data.mdb"))

    def test_the_journal_stops_for_good_and_loses_nothing(self):
        client = self.start()
        for _ in range(5):
            self.assertEqual(self.post(client).status, 201)
        self.limit(self.file_bytes("journal"))
        answer = self.post(client, 1000, 1000)
        self.assertGreaterEqual(answer.status, 500, repr(answer))
        self.assertEqual(self.server.process.wait(20), 1)
        self.assertIn("what is stored is unknown", self.server.stderr())
        self.server.start()
        self.check_whole("started again")
        self.assertEqual(self.server.client.newest(), 5)
        self.check_goes_on_with(*MEMTABLE)

    def test_the_index_stops_and_a_restart_goes_on(self):
        client = self.start(*MEMTABLE)
        self.hold("merger")
        while metric(client, "sealed_memtables") == 0:
            self.assertEqual(self.post(client).status, 201)
        self.limit(self.file_bytes("index"))
        self.let_go("merger")
        self.assertTrue(wait_until(lambda: metric(client, "merge_failed")))
        self.limit(resource.RLIM_INFINITY)
        self.check_refusal(self.post_until(503), 503, "unavailable")
        self.check_whole("the index cannot be written")
        self.server.restart()
        self.check_whole("started again")
        self.check_goes_on()


if __name__ == "__main__":
    unittest.main()
