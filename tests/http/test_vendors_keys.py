"""Canaries: keys, tokens and webhooks' secrets get to nobody but the vendor."""

import base64
import glob
import gzip
import json
import os
import subprocess
import tempfile
import unittest
import urllib.parse

from fake import FakeVendor, scenario
from harness import BINARY
from polling import ASKED, FIRST, TODAY, Polling, config_of

# In every spelling in which one could slip out.
MASSIVE = "canary-massive-4f1d+77/ab=="
BENZINGA = "canary-benzinga-90c2+11/zx=="
HOOK = "whsec_" + base64.b64encode(b"canary-hook-secret-0123456789abc").decode()
SEGMENT = "canary-segment-5b5b5b5b5b5b5b5b5b5b5b"
SECRETS = (MASSIVE, BENZINGA, HOOK, HOOK[len("whsec_"):], SEGMENT)
HOOK_PATHS = ("/v1/webhooks/polygon", "/v1/webhooks/benzinga/" + SEGMENT,
              "/v1/webhooks/benzinga/wrong")


def spellings(secret):
    """As it is, as a query has it, as JSON and as Base64 have it."""
    quoted = urllib.parse.quote(secret, safe="")
    return {text.encode() for text in (
        secret, quoted, quoted.lower(), urllib.parse.quote(secret),
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        base64.b64encode(secret.encode()).decode().rstrip("="))}


CANARIES = [(secret, text) for secret in SECRETS
            for text in sorted(spellings(secret))]


class Keys(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.key_file = os.path.join(folder.name, "benzinga.key")
        self.write_key(BENZINGA + "\n")
        os.environ.update({"POLLING_MASSIVE": MASSIVE,
                           "POLLING_HOOK": HOOK, "POLLING_SEGMENT": SEGMENT})

    def write_key(self, text):
        with open(self.key_file, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.key_file, 0o600)

    def config(self, url):
        """One key by a variable, the other by a file, both kinds of hooks."""
        doc = config_of(url)
        polygon, benzinga = doc["vendors"]
        polygon["webhook_secret_env"] = "POLLING_HOOK"
        benzinga["webhook_path_env"] = "POLLING_SEGMENT"
        del benzinga["key_env"]
        benzinga["key_file"] = self.key_file
        return doc

    def polling(self, url):
        polling = Polling(self.config(url))
        os.environ["POLLING_MASSIVE"] = MASSIVE
        return polling

    def never_told(self, where, data):
        for secret, text in CANARIES:
            if text in data:
                at = data.index(text)
                self.fail("%s: %r of %r" % (
                    where, data[max(0, at - 60):at + 60], secret[:12]))

    def play(self, fake, polling):
        """Vendors at their worst, then a good day."""
        keys = {"keys": {"massive": MASSIVE, "benzinga": BENZINGA}}
        fake.reset()
        for name in ("403", "redirect_port", "redirect_itself", "reset",
                     "not_http", "next_url_port", "content_type_html",
                     "rows_without_id"):
            doc = {**scenario(name), **keys}
            # Once, so that it is no matter of patience.
            for rule in doc["rules"]:
                if name == "reset":
                    rule["first"] = 1
            fake.play({**scenario("calm"), **keys})
            polling.run("tickers", (FIRST, FIRST))
            fake.play(doc)
            polling.run("trades")
            polling.run("splits", (FIRST, TODAY))
            polling.run("tickers", (FIRST, FIRST))
        fake.play({**scenario("calm"), **keys})
        for run in polling.run_all(ASKED):
            self.assertIn(run["state"], ("succeeded", "unchanged"), run)
        # Where the vendor redirects, it says itself what is asked for there.
        self.assertEqual([r for r in fake.requests()
                          if not r["key_is_good"] and r["key"] != "none"], [])
        self.assertEqual(fake.requests(to="other"), [])
        self.assertLessEqual({"bearer", "query"},
                             {r["key"] for r in fake.requests()})

    def push(self, polling):
        """What came back of webhooks, good and bad."""
        told = b""
        for path in HOOK_PATHS:
            for headers in ({}, {"webhook-id": "a", "webhook-timestamp": "1",
                                 "webhook-signature": "v1,AAAA"},
                            {"X-BZ-Delivery": "b"}):
                answer = polling.client.post(path, b"{}", headers=headers)
                told += repr(answer.headers).encode() + answer.body
        return told

    def test_they_are_in_nothing_that_is_told_or_kept(self):
        doc = {**scenario("401"), "keys": {"massive": "not-this",
                                           "benzinga": "nor-this"}}
        with FakeVendor(doc) as fake, self.polling(fake.url) as polling:
            for dataset, days in (ASKED[0], ASKED[3]):
                run = polling.run(dataset, days)
                self.assertEqual(run["error"], "the vendor answered 401")
            self.play(fake, polling)
            told = {"hooks": self.push(polling)}
            url = "http://127.0.0.1:%d" % polling.server.port
            done = subprocess.run(
                [BINARY, "backfill", "--url", url, "polygon", "splits",
                 FIRST, TODAY], capture_output=True, timeout=60, check=False)
            told["backfill"] = done.stdout + done.stderr
            fake.stop()
            location = polling.begin("splits", (FIRST, TODAY))
            polling.until(lambda: polling.vendor("polygon")["state"]
                          == "backing-off", "nobody there")
            self.assertEqual(polling.client.request(
                "DELETE", location).status, 200)
            for path in ("/v1/vendors", "/v1/vendors/polygon/runs",
                         "/v1/vendors/benzinga/runs", "/v1/quarantine",
                         "/v1/changes", "/v1/transactions", "/v1/trades",
                         "/metrics", "/openapi.json"):
                told[path] = polling.client.get(path).body
            process = polling.server.process.pid
            with open("/proc/%d/cmdline" % process, "rb") as file:
                told["cmdline"] = file.read()
            polling.server.stop()
            told["log"] = polling.server.stderr().encode()
            told.update(self.kept(polling.server.data))
            for where, data in told.items():
                self.never_told(where, data)
            # That something was there to be found.
            for where in ("log", "/v1/vendors", "/metrics"):
                self.assertIn(b"polygon", told[where], where)
            self.assertTrue([w for w in told if w.endswith(".gz")])
            self.assertTrue([w for w, data in told.items()
                             if w.startswith("unpacked ")
                             and b"ALFA" in data])
            self.assertTrue([w for w, data in told.items()
                             if w.endswith("journal/data.mdb")
                             and b"polygon" in data])

    def test_nor_where_a_vendor_says_them(self):
        """In a page, as what a page is sent, in a link, in an error."""
        words = " ".join(sorted(spelling.decode()
                                for spelling in spellings(MASSIVE)
                                if b"canary" in spelling))
        linked = "{base}/v3/reference/tickers?cursor=1&apiKey=" \
            + urllib.parse.quote(MASSIVE, safe="")
        rows = (
            ("no JSON", "quarantined", [{"do": "text", "text": words}]),
            ("an error", "quarantined", [
                {"do": "edit", "set": {"status": "ERROR", "error": words}}]),
            ("a type", "quarantined", [
                {"do": "text", "text": "-"},
                {"do": "content_type", "type": "text/x; k=" + MASSIVE}]),
            ("a link", "failed", [{"do": "next_url", "to": linked}]),
            ("refused", "failed", [{"do": "status", "status": 403,
                                    "body": {"error": words}}]))
        doc = {**scenario("calm"), "keys": {"massive": MASSIVE,
                                            "benzinga": BENZINGA}}
        with FakeVendor(doc) as fake, self.polling(fake.url) as polling:
            told = {}
            for row, state, rules in rows:
                fake.change(rules=rules)
                run = polling.run("tickers", (FIRST, FIRST))
                self.assertEqual(run["state"], state, (row, run))
            for path in ("/v1/vendors/polygon/runs", "/v1/quarantine"):
                told[path] = polling.client.get(path).body
            polling.server.stop()
            told["log"] = polling.server.stderr().encode()
            told.update(self.kept(polling.server.data))
            for where, data in told.items():
                self.never_told(where, data)
            self.assertEqual(len([w for w, data in told.items()
                                  if w.startswith("unpacked ")
                                  and b"***" in data]), 3)
            self.assertIn(b"sent as text/x; k=***", told["/v1/quarantine"])

    @staticmethod
    def kept(folder):
        """Every file's name and bytes, packed ones unpacked as well."""
        found = {}
        for path in glob.glob(folder + "/**", recursive=True):
            found["name " + path] = path.encode()
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                found[path] = file.read()
            if path.endswith(".gz"):
                found["unpacked " + path] = gzip.decompress(found[path])
        return found

    def refused(self, key, file_text=None, change=None):
        """What a server says that does not start, a key being wrong."""
        config = self.config("http://127.0.0.1:1")
        if file_text is not None:
            self.write_key(file_text)
        env = {**os.environ, "POLLING_MASSIVE": key}
        if change:
            change(config, env)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "vendors.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(config, file)
            done = subprocess.run(
                [BINARY, "serve", "--data", os.path.join(folder, "d"),
                 "--listen", "127.0.0.1:0", "--config", path], env=env,
                capture_output=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1, done)
        self.never_told("stderr", done.stdout + done.stderr)
        return done.stderr.decode()

    def test_a_start_without_one_names_only_where_it_should_be(self):
        self.assertIn("POLLING_MASSIVE", self.refused(""))
        self.assertIn("the key of vendor polygon",
                      self.refused(MASSIVE + "\nsecond"))
        self.assertIn("the key of vendor polygon",
                      self.refused(MASSIVE + "k" * 4096))
        self.assertIn("the key of vendor benzinga",
                      self.refused(MASSIVE, BENZINGA + "\nsecond line\n"))
        self.assertIn("the key of vendor benzinga", self.refused(MASSIVE, ""))
        self.write_key(BENZINGA)

        def without_file(config, _):
            config["vendors"][1]["key_file"] = self.key_file + ".gone"
        self.assertIn(".gone", self.refused(MASSIVE, change=without_file))

        # A key in the place of its variable's name is not repeated.
        def misplaced(config, _):
            config["vendors"][0]["key_env"] = MASSIVE
        self.assertIn("key_env", self.refused(MASSIVE, change=misplaced))

        def unknown(config, _):
            config["vendors"][0]["key"] = MASSIVE
        self.assertIn("key", self.refused(MASSIVE, change=unknown))

        def short_hook(_, env):
            env["POLLING_HOOK"] = HOOK[:20]
        self.assertIn("POLLING_HOOK",
                      self.refused(MASSIVE, change=short_hook))


if __name__ == "__main__":
    unittest.main()
