"""Vendors that cannot be reached: what is told of them, and runs that are asked
for, wait and are cancelled."""

import json
import time
import unittest

from harness import Num
from vendor_case import VendorCase

RUNS = "/v1/vendors/polygon/runs"
NEVER = 10000
RUN = {"run", "vendor", "dataset", "from", "to", "state", "started_at",
       "finished_at", "done", "total", "estimated_end", "pages", "stored",
       "unchanged", "error"}


def asked(dataset="tickers", **more):
    return json.dumps({"dataset": dataset, **more})


class Vendors(VendorCase):
    def test_they_are_told(self):
        rows = self.client.get("/v1/vendors").json()["vendors"]
        self.assertEqual([(r["vendor"], r["adapter"], r["breaker"])
                          for r in rows],
                         [("polygon", "massive", "closed"),
                          ("benzinga", "benzinga", "closed")])

    def test_a_run_is_asked_for_once(self):
        path = "/v1/vendors/benzinga/runs"
        answer = self.client.post(path, asked(
            "trades", **{"from": "2024-12-02", "to": "2024-12-13"}))
        self.assertEqual(answer.status, 202, answer)
        run = answer.json()
        self.assertEqual(set(run), RUN)
        self.assertEqual((run["vendor"], run["dataset"], run["from"],
                          run["to"]),
                         ("benzinga", "trades", "2024-12-02", "2024-12-13"))
        where = answer.header("Location")
        self.assertEqual(where, path + "/" + run["run"])

        again = self.client.post(path, asked("trades"))
        self.assertEqual(again.status, 409, again)
        self.assertEqual(again.json()["run"], run["run"])

        told = self.client.get(where)
        self.assertIn(told.json()["state"], ("queued", "running"))
        ended = self.client.request("DELETE", where)
        self.assertEqual((ended.status, ended.json()["state"]),
                         (200, "cancelled"), ended)
        self.assertEqual(self.client.request("DELETE", where).status, 409)
        told = self.client.get(where)
        self.assertEqual(told.json()["state"], "cancelled")
        tag = told.header("ETag")
        self.assertEqual(self.client.get(where, If_None_Match=tag).status,
                         304)
        runs = self.client.get(path + "?limit=1").json()["runs"]
        self.assertEqual(runs, [told.json()])
        self.server.restart()
        self.assertEqual(self.client.get(where).json(), told.json())

    def test_what_cannot_be_asked_for(self):
        for what, path, body, status, place in (
                ("no vendor", "/v1/vendors/nobody/runs", asked(), 404, None),
                ("no dataset", RUNS, asked("nothing"), 422, "/dataset"),
                ("no name", RUNS, "{}", 422, "/dataset"),
                ("no day", RUNS, asked(**{"from": "2024-02-30"}), 422,
                 "/from"),
                ("backwards", RUNS, asked("open-close", **{
                    "from": "2024-02-02", "to": "2024-02-01"}), 422, None),
                ("another member", RUNS, asked(days=1), 422, "/days"),
                ("no JSON", RUNS, "{", 400, None)):
            answer = self.client.post(path, body)
            self.assertEqual(answer.status, status, (what, answer))
            if place:
                self.assertEqual(answer.json()["errors"][0]["pointer"], place,
                                 what)
        for path, status in ((RUNS + "/%d" % NEVER, 404), (RUNS + "/x", 400),
                             ("/v1/quarantine/%d/release" % NEVER, None)):
            if status:
                self.assertEqual(self.client.get(path).status, status, path)
            else:
                self.assertEqual(self.client.request("POST", path).status,
                                 404, path)

    def test_figures(self):
        answer = self.client.post(RUNS, asked())
        self.assertEqual(answer.status, 202, answer)
        until = time.monotonic() + 20
        line = 'secmaster_vendor_requests_total{vendor="polygon",' \
            'outcome="connection"} '
        while line + "0" in self.client.get("/metrics").body.decode():
            self.assertLess(time.monotonic(), until, "nobody was asked")
            time.sleep(0.05)
        vendor = self.client.get("/v1/vendors").json()["vendors"][0]
        self.assertEqual((vendor["state"], vendor["last_run"]),
                         ("backing-off", answer.json()["run"]))
        self.assertEqual(vendor["consecutive_failures"], Num(0))
        self.assertEqual(self.client.get("/readyz").status, 200)
        self.no_secret_in(self.server.stderr(), "the log")
        self.client.request("DELETE", answer.header("Location"))


if __name__ == "__main__":
    unittest.main()
