"""A scenario of the fake vendor: its data set, its day, keys and rules."""

import datetime
import json
import os
import re

import fake_congress
import fake_massive
from fake_data import Data, ScenarioFault, day_of, known_only
from fake_rules import rules_of

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")
MEMBERS = {"claim", "today", "made_for", "keys", "data", "rules", "page_rows",
           "envelope", "past_end"}
DATE = re.compile(r"\d{4}-\d\d-\d\d")
WEEK_S = 7 * 86400
KEYS = {"massive": "massive-key", "benzinga": "benzinga-token"}
PAST_ENDS = ("bare", "same", "404")
VENDORS = (("massive", fake_massive.route, fake_massive),
           ("benzinga", fake_congress.route, fake_congress),
           ("senate", fake_congress.public_route, None))


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as fault:
        raise ScenarioFault("%s: %s" % (path, fault)) from None


def data_of(doc):
    """In place, or a file of the scenarios' folder, or a list of such: the
    later one's members in place of the earlier one's."""
    parts = doc.get("data", {})
    merged = {}
    for part in parts if isinstance(parts, list) else [parts]:
        merged.update(read_json(os.path.join(FOLDER, part))
                      if isinstance(part, str) else part)
    return merged


def moved(value, weeks, name=None):
    """The data set that many weeks later, on the same days of the week."""
    if isinstance(value, dict):
        return {moved(k, weeks): moved(v, weeks, k) for k, v in value.items()}
    if isinstance(value, list):
        return [moved(v, weeks, name) for v in value]
    if name == "updated":
        return type(value)(int(value) + weeks * WEEK_S)
    if isinstance(value, str) and DATE.fullmatch(value):
        return str(day_of(value) + datetime.timedelta(weeks=weeks))
    return value


class Scenario:
    """One state of the world; changed() makes another of it.

    Without a "today" it is that of the machine, when the scenario was set. A
    data set that was made_for a day moves from there to today, so that a demo
    never ages.
    """

    def __init__(self, doc):
        known_only(doc, MEMBERS, "the scenario")
        self.doc = doc
        self.today = day_of(doc["today"], "today") if "today" in doc \
            else datetime.datetime.now(datetime.timezone.utc).date()
        self.keys = {**KEYS, **doc.get("keys", {})}
        known_only(self.keys, KEYS, "keys")
        self.envelope = doc.get("envelope", "data")
        if self.envelope not in fake_congress.ENVELOPES:
            raise ScenarioFault("no such envelope: %r" % self.envelope)
        self.past_end = doc.get("past_end", "bare")
        if self.past_end not in PAST_ENDS:
            raise ScenarioFault("no such past_end: %r" % self.past_end)
        known_only(doc.get("page_rows", {}), KEYS, "page_rows")
        self.rules = rules_of(doc.get("rules", []))
        data = data_of(doc)
        if "made_for" in doc:
            age = self.today - day_of(doc["made_for"], "made_for")
            data = moved(data, age.days // 7)
        self.data = Data(data, self.today)

    def page_rows(self, vendor):
        """The most rows that a page has here, or None."""
        return self.doc.get("page_rows", {}).get(vendor)

    def changed(self, members):
        """These members in place of those, null takes one away; rules count
        from nothing."""
        known_only(members, MEMBERS, "the change")
        doc = {**self.doc, **members}
        return Scenario({k: v for k, v in doc.items() if v is not None})


def vendor_of(path):
    """(its name, (parameters, function), its module if it has keys)."""
    for name, route, module in VENDORS:
        found = route(path)
        if found:
            return name, found, module
    return None, None, None
