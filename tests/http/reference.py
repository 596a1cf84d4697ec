"""What the tables must be, straight from the definition.

Nothing here is incremental: every answer is worked out anew from the list of
all assertions, in the order in which they arrived.
"""

FIXED = ["security_id", "effective_start_date", "effective_end_date"]
FIRST = ["asset_class", "ticker", "name"]


class Refused(Exception):
    pass


def in_order(names):
    head = [n for n in FIRST if n in names]
    rest = sorted((n for n in names if n not in FIRST),
                  key=lambda n: n.encode())
    return head + rest


class Rule(list):
    """A change of precedence: a batch without facts."""

    def __init__(self, default=(), attributes=None):
        super().__init__()
        self.default, self.attributes = list(default), dict(attributes or {})

    def rank(self, attribute, source):
        """The smaller, the better."""
        listed = self.attributes.get(attribute, self.default)
        return listed.index(source) if source in listed else len(listed)


class Book:
    """All batches ever accepted."""

    def __init__(self):
        self.batches = []

    @property
    def newest(self):
        return len(self.batches)

    def post(self, facts):
        """One batch, all or nothing."""
        live = self.live(self.newest)
        for fact in facts:
            key = _key(fact)
            if fact.get("op") != "retract":
                live[key] = None
            elif key not in live:
                raise Refused(key)
            else:
                del live[key]
        self.batches.append(list(facts))
        return self.newest

    def put_rule(self, rule):
        self.batches.append(rule)
        return self.newest

    def rule(self, known_tx):
        """The rule in force."""
        rules = [b for b in self.batches[:known_tx] if isinstance(b, Rule)]
        return rules[-1] if rules else Rule()

    def live(self, known_tx):
        """{(security, attribute, date, source): (arrival, value)}"""
        live, arrival = {}, 0
        for batch in self.batches[:known_tx]:
            for fact in batch:
                arrival += 1
                if fact.get("op") == "retract":
                    del live[_key(fact)]
                else:
                    live[_key(fact)] = (arrival, fact["value"])
        return live

    def ever_asserted(self, known_tx):
        """Attributes that a filter may name, withdrawn since or not."""
        return {fact["attribute"] for batch in self.batches[:known_tx]
                for fact in batch if fact.get("op") != "retract"}

    def at(self, known_tx=None):
        known_tx = self.newest if known_tx is None else known_tx
        return Snapshot(self.live(known_tx), self.rule(known_tx))

    def trail(self, known_tx=None):
        return Trail(self.batches[:known_tx], self.rule(known_tx))

    def changes(self, after_tx, limit):
        """(facts as the feed tells them, less recorded_at; last_tx): of
        whole transactions until there are limit facts, or would be more."""
        found = []
        for tx in range(after_tx + 1, self.newest + 1):
            batch = self.batches[tx - 1]
            if len(found) == limit or \
                    found and len(found) + len(batch) > limit:
                return found, tx - 1
            found += Trail.told(tx, batch)
        return found, self.newest


def _key(fact):
    return (int(fact["security_id"]), fact["attribute"],
            fact["effective_date"], fact.get("source", "default"))


class Snapshot:
    """The type-2 rows of one moment of knowledge."""

    def __init__(self, live, rule):
        by_security = {}
        for (security, attribute, date, source), (arrival, value) in \
                live.items():
            by_security.setdefault(security, []).append(
                (attribute, date, (-rule.rank(attribute, source), date,
                                   arrival), value))
        self.rows = []
        for security in sorted(by_security):
            self.rows += _rows_of(security, by_security[security])

    def table(self, rows=None, is_class_view=False):
        """(columns, rows as lists) of a selection of rows."""
        rows = self.rows if rows is None else rows
        carried = {n for row in rows for n in row["cells"]}
        if is_class_view:
            carried = {n for n in carried
                       if any(r["cells"].get(n) is not None for r in rows)}
        names = in_order(carried)
        return FIXED + names, [
            [row["id"], row["start"], row["end"]]
            + [row["cells"].get(n) for n in names] for row in rows]

    def master(self, start=None, end=None):
        return self.table(self.overlapping(self.rows, start, end))

    def history(self, security, start=None, end=None):
        mine = [r for r in self.rows if r["id"] == security]
        return self.table(self.overlapping(mine, start, end))

    @staticmethod
    def overlapping(rows, start, end):
        return [r for r in rows
                if (end is None or r["start"] < end)
                and (start is None or r["end"] is None or r["end"] > start)]

    def in_force(self, date, security=None):
        return [r for r in self.rows
                if security in (None, r["id"]) and _covers(r, date)]

    def cross_section(self, date):
        return self.table(self.in_force(date))

    def asset_class(self, wanted):
        """wanted: the path's text."""
        return self.filtered(self.rows, asset_class=wanted)

    def filtered(self, rows, where=(), asset_class=None, attributes=None):
        """where: pairs of a name and a text, None for null; asset_class as
        in asset_class()."""
        if asset_class is not None:
            where = [("asset_class", None if asset_class == "none"
                      else asset_class), *where]
        for name, text in where:
            rows = [r for r in rows if _text(r["cells"].get(name)) == text]
        if attributes is None:
            return self.table(rows, asset_class is not None)
        return FIXED + attributes, [
            [row["id"], row["start"], row["end"]]
            + [row["cells"].get(n) for n in attributes] for row in rows]

    def lookup(self, keys, attributes=None):
        """keys: (security, date); a row or None for each."""
        found = [next(iter(self.in_force(date, security)), None)
                 for security, date in keys]
        columns, _ = self.filtered([r for r in found if r], (), None,
                                   attributes)
        return columns, [
            row and [row["id"], row["start"], row["end"]]
            + [row["cells"].get(n) for n in columns[3:]] for row in found]

    def bearers(self, attribute, text, date):
        """Who has that value of an attribute that day, ascending."""
        return [row["id"] for row in self.in_force(date)
                if _text(row["cells"].get(attribute)) == text]

    def class_counts(self, date):
        counts = {}
        for row in self.in_force(date):
            value = row["cells"].get("asset_class")
            key = (type(value), value)
            counts[key] = counts.get(key, 0) + 1
        return {key: n for key, n in counts.items()}

    def join(self, positions, is_kept=False):
        """(columns, rows, matched, unmatched)"""
        names = self.table()[0][3:]
        by_id = {}
        for row in self.rows:
            by_id.setdefault(row["id"], []).append(row)
        out, matched = [], 0
        for position in positions:
            date = position["date"]
            row = next((r for r in by_id.get(int(position["security_id"]), [])
                        if _covers(r, date)), None)
            matched += row is not None
            if row is None and not is_kept:
                continue
            cells = row["cells"] if row else {}
            out.append([int(position["security_id"]), position["quantity"],
                        date] + [cells.get(n) for n in names])
        return (["security_id", "quantity", "date"] + names, out, matched,
                len(positions) - matched)


class Trail:
    """Every fact of some batches, in order of arrival, and what became of
    it: what answers are made of, less recorded_at."""

    @staticmethod
    def told(tx, batch):
        return [{"tx": tx, "security_id": int(fact["security_id"]),
                 "attribute": fact["attribute"],
                 "value": fact.get("value"),
                 "effective_date": fact["effective_date"],
                 "source": fact.get("source", "default"),
                 "op": fact.get("op", "assert")} for fact in batch]

    def __init__(self, batches, rule):
        self.rule = rule
        self.all = [told for tx, batch in enumerate(batches, 1)
                    for told in self.told(tx, batch)]
        last = {}
        for fact in self.all:
            fact.update(state="live", ended_by=None)
            before = last.get(_key(fact))
            if before:
                before["state"] = "retracted" if fact["op"] == "retract" \
                    else "superseded"
                before["ended_by"] = fact["tx"]
            last[_key(fact)] = fact
        self.live = [f for f in self.all
                     if f["state"] == "live" and f["op"] == "assert"]

    def facts(self, security, attribute=None, superseded=False):
        """None: of an unknown security."""
        if all(f["security_id"] != security for f in self.all):
            return None
        mine = [f for f in (self.all if superseded else self.live)
                if f["security_id"] == security
                and attribute in (None, f["attribute"])]
        return sorted(mine, key=lambda f: (f["effective_date"], f["tx"]))

    def explain(self, security, date, attribute=None):
        """{attribute: [the winner, and whom it beat with the reason]}; None:
        without a row that day."""
        mine = [f for f in self.live if f["security_id"] == security
                and f["effective_date"] <= date]
        if not mine:
            return None
        order = {id(f): i for i, f in enumerate(self.all)}
        mine.sort(key=lambda f: (-self._rank(f), f["effective_date"],
                                 order[id(f)]), reverse=True)
        found = {}
        for name in in_order({f["attribute"] for f in mine}):
            if attribute not in (None, name):
                continue
            winner, *others = [f for f in mine if f["attribute"] == name]
            found[name] = [(winner, None)] + [
                (f, self._reason(winner, f)) for f in others]
        return found

    def _rank(self, fact):
        return self.rule.rank(fact["attribute"], fact["source"])

    def _reason(self, winner, fact):
        if self._rank(winner) != self._rank(fact):
            return "precedence"
        return "later_tx" if fact["effective_date"] \
            == winner["effective_date"] else "later_date"

    def catalogue(self):
        """Entries by name, as lists."""
        entries = []
        for name in sorted({f["attribute"] for f in self.live},
                           key=lambda n: n.encode()):
            mine = [f for f in self.live if f["attribute"] == name]
            dates = sorted(f["effective_date"] for f in mine)
            entries.append([
                name, sorted({_json_type(f["value"]) for f in mine}),
                len(mine), len({f["security_id"] for f in mine}),
                dates[0], dates[-1], min(f["tx"] for f in mine)])
        return entries


def _json_type(value):
    if value is None:
        return "null"
    if value is True or value is False:
        return "boolean"
    return "string" if type(value) is str else "number"


def _covers(row, date):
    return row["start"] <= date and (row["end"] is None or date < row["end"])


def _text(value):
    """What a filter calls a value; None for null."""
    if value is True or value is False:
        return "true" if value else "false"
    return None if value is None else str(value)


def _rows_of(security, assertions):
    """assertions: (attribute, date, how strong, value)"""
    starts = sorted({date for _, date, _, _ in assertions})
    ends = starts[1:] + [None]
    rows = []
    for start, end in zip(starts, ends):
        best = {}
        for attribute, date, strength, value in assertions:
            if date <= start:
                if attribute not in best or strength > best[attribute][0]:
                    best[attribute] = (strength, value)
        rows.append({"id": security, "start": start, "end": end,
                     "cells": {a: v for a, (_, v) in best.items()}})
    return rows
