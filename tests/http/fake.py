"""Start the fake vendor on a scenario, change it, read what it was asked."""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                       "support")
SCENARIOS = os.path.join(SUPPORT, "scenarios")
READY = re.compile(r"listening on http://127\.0\.0\.1:(\d+)\s*$")


def scenario(name):
    """The document of scenarios/NAME.json."""
    with open(os.path.join(SCENARIOS, name + ".json"),
              encoding="utf-8") as file:
        return json.load(file)


class FakeVendor:
    """The process; a scenario is a name or a document. Use it with `with`."""

    def __init__(self, what, port=0):
        doc = scenario(what) if isinstance(what, str) else what
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(doc, file)
            file.flush()
            # Its input ends with this process, and so does it, come what may.
            self.process = subprocess.Popen(
                [sys.executable, os.path.join(SUPPORT, "fake_vendor.py"),
                 file.name, "--port", str(port), "--until-eof"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            found = READY.match(self.process.stdout.readline())
        if not found:
            self.stop()
            raise AssertionError("the fake vendor did not start")
        self.port = int(found.group(1))
        self.url = "http://127.0.0.1:%d" % self.port

    def stop(self):
        self.process.kill()
        self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _control(self, method, path, doc=None):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            conn.request(method, path, json.dumps(doc) if doc is not None
                         else None, {"Connection": "close"})
            response = conn.getresponse()
            answer = json.loads(response.read())
        finally:
            conn.close()
        if response.status != 200:
            raise AssertionError("%s: %r" % (path, answer))
        return answer

    def log(self):
        """Everything: requests with "at" in seconds of one steady clock."""
        return self._control("GET", "/_log")

    def requests(self, **members):
        """Those logged requests whose members are these."""
        return [r for r in self.log()["requests"]
                if all(r[k] == v for k, v in members.items())]

    def faults(self):
        """What the scenario or the caller got wrong."""
        return self.log()["faults"]

    def reset(self):
        """Forget the log; the rules count from nothing."""
        self._control("POST", "/_reset", {})

    def change(self, **members):
        """Other members of the scenario: today=..., rules=[...], ..."""
        self._control("POST", "/_scenario", members)

    def play(self, what):
        """Another scenario whole, by name or document; the log stays."""
        doc = scenario(what) if isinstance(what, str) else what
        rest = dict.fromkeys(("today", "made_for", "keys", "data", "rules",
                              "page_rows", "envelope", "past_end"))
        self._control("POST", "/_scenario", {**rest, **doc})

    def refuse(self, seconds):
        """From now on nobody listens, for that long."""
        self._control("POST", "/_refuse", {"seconds": seconds})

    def fullest_window(self, seconds, **members):
        """The most of those requests that any such stretch of time holds."""
        times = sorted(r["at"] for r in self.requests(**members))
        return max((sum(begin <= at < begin + seconds for at in times)
                    for begin in times), default=0)
