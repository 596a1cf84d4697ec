"""What trades should be answered as: the definitions, nothing incremental."""

import datetime
import re
from fractions import Fraction

from harness import Num, dump
from reference import FIXED, Book, in_order

SENT = ["id", "report_id", "amendment_number", "updated", "member_id",
        "member_name", "chamber", "party", "state", "district", "committees",
        "transaction_date", "notification_date", "report_date",
        "transaction_type_text", "ownership", "amount", "ticker",
        "security_name", "security_type", "description", "disclosure_url",
        "filer_info"]
TYPES = {"P": "purchase", "S": "sale", "S (partial)": "partial_sale",
         "E": "exchange"}
KEYS = {"member": "member_id", "security": "security_id", "sector": "sector",
        "committee": "committee", "party": "party", "state": "state",
        "month": "month"}
MONEY = r"\$([0-9,]+(?:\.[0-9]+)?)"


def amount(text):
    """(kind, low, high) of a few spellings; the rest is unknown."""
    for pattern, kind in ((MONEY + " - " + MONEY, "range"),
                          (MONEY + r" \+", "open"), (MONEY, "exact")):
        found = re.fullmatch(pattern, text or "")
        if found:
            low, high = found.group(1), found.group(found.lastindex)
            return (kind, Num(low.replace(",", "")),
                    None if kind == "open" else Num(high.replace(",", "")))
    return "unknown", None, None


def total(amounts):
    """The exact sum, with as many places as the longest has."""
    amounts = [a for a in amounts if a is not None]
    places = max([len(a.partition(".")[2]) for a in amounts], default=0)
    units = sum(Fraction(a) for a in amounts) * 10 ** places
    text = str(int(units)).rjust(places + 1, "0")
    return Num(text[:len(text) - places] + "." + text[len(text) - places:]
               if places else text)


def order(row):
    return int(row["amendment_number"]), int(row["updated"] or 0)


class TradeModel:
    """Every batch by its transaction."""

    def __init__(self):
        self.facts = Book()
        self.versions, self.bars = [], []

    def post_facts(self, facts):
        return self.facts.post(facts)

    def post_bars(self, bars):
        self.facts.batches.append([])
        self.bars += [(self.facts.newest, bar) for bar in bars]
        return self.facts.newest

    def post_trades(self, rows):
        """The rows that are new."""
        new = []
        for at, row in enumerate(rows):
            whole = {"transaction_id": row["transaction_id"],
                     **{name: row.get(name) for name in SENT}}
            whole["amendment_number"] = whole["amendment_number"] or Num(0)
            if any(dump(whole) == dump(v) for _, _, v in self.versions + new):
                continue
            new.append((self.facts.newest + 1, at, whole))
        self.versions += new
        if new:
            self.facts.batches.append([])
        return len(new)

    def at(self, known_tx=None):
        known_tx = self.facts.newest if known_tx is None else known_tx
        return TradeSnapshot(self, known_tx)


class TradeSnapshot:
    def __init__(self, model, known_tx):
        self.rows = model.facts.at(known_tx)
        self.bars = {(int(b["security_id"]), b["date"]): b["close"]
                     for tx, b in model.bars if tx <= known_tx}
        self.versions = [v for v in model.versions if v[0] <= known_tx]

    def bearer(self, row):
        """The row of the one security that bears the ticker that day."""
        if row["ticker"] is None:
            return None
        found = [r for r in self.rows.in_force(row["transaction_date"])
                 if r["cells"].get("ticker") is not None
                 and str(r["cells"]["ticker"]) == str(row["ticker"])]
        return found[0] if len(found) == 1 else None

    def told(self, row):
        kind, low, high = amount(row["amount"])
        bearer = self.bearer(row)
        days = None
        if row["report_date"] is not None:
            days = (datetime.date.fromisoformat(row["report_date"])
                    - datetime.date.fromisoformat(
                        row["transaction_date"])).days
        answer = {}
        for name in ["transaction_id"] + SENT:
            if name == "transaction_type_text":
                answer["transaction_type"] = TYPES.get(row[name], "unknown")
            answer[name] = row[name]
            if name == "report_date":
                answer["days_to_disclose"] = None if days is None else \
                    Num(days)
                answer["late"] = None if days is None else days > 45
            if name == "amount":
                answer.update(amount_low=low, amount_high=high,
                              amount_kind=kind)
            if name == "security_type":
                answer.update(self.security(bearer, row["transaction_date"]))
        return answer

    def security(self, bearer, day):
        if bearer is None:
            return {"security_id": None, "security": None, "close": None}
        names = in_order(bearer["cells"])
        return {"security_id": bearer["id"],
                "security": dict(zip(FIXED + names, [
                    bearer["id"], bearer["start"], bearer["end"]] + [
                        bearer["cells"][n] for n in names])),
                "close": self.bars.get((int(bearer["id"]), day))}

    def chosen(self, asked):
        """Versions that a question's parameters leave, in order."""
        seen = [v for v in self.versions if "disclosed_by" not in asked
                or (v[2]["report_date"] or "~") <= asked["disclosed_by"]]
        if asked.get("amendments") != "all":
            last = {}
            for tx, at, row in seen:
                key = row["transaction_id"]
                rank = (order(row), tx, at)
                if key not in last or last[key][0] < rank:
                    last[key] = (rank, (tx, at, row))
            seen = [version for _, version in last.values()]
        seen = [v for v in seen if self.has(v[2], asked)]
        seen.sort(key=lambda v: (v[2]["transaction_date"],
                                 v[2]["transaction_id"].encode(),
                                 order(v[2]), v[0], v[1]))
        return [row for _, _, row in seen]

    def has(self, row, asked):
        day = row["transaction_date"]
        if not asked.get("from", day) <= day or day >= asked.get("to", "~"):
            return False
        for name in ("ticker", "member_id", "chamber", "party", "state"):
            if name in asked and (row[name] is None
                                  or str(row[name]) != asked[name]):
                return False
        if "committee" in asked and \
                asked["committee"] not in (row["committees"] or []):
            return False
        if "transaction_type" in asked and TYPES.get(
                row["transaction_type_text"],
                "unknown") != asked["transaction_type"]:
            return False
        if "security_id" not in asked:
            return True
        bearer = self.bearer(row)
        return bearer is not None and str(bearer["id"]) == asked["security_id"]

    def list(self, asked):
        return [self.told(row) for row in self.chosen(asked)]

    def keys(self, row, by):
        if by == "committee":
            return list(dict.fromkeys(row["committees"] or [])) or [None]
        if by == "month":
            return [row["transaction_date"][:7]]
        if by in ("party", "state"):
            return [row[by]]
        if by == "member":
            return [row["member_id"]]
        bearer = self.bearer(row)
        if bearer is None:
            return [None]
        if by == "security":
            return [bearer["id"]]
        sector = bearer["cells"].get("gics_sector")
        return [bearer["cells"].get("sector") if sector is None else sector]

    def summary(self, by, asked):
        groups = {}
        for row in self.chosen(asked):
            for key in self.keys(row, by):
                groups.setdefault(dump(key), (key, []))[1].append(
                    amount(row["amount"]))
        found = sorted(groups.values(), key=lambda group: (
            group[0] is None,
            int(group[0]) if by == "security" and group[0] else 0,
            str(group[0]).encode(), not isinstance(group[0], Num)))
        return [{KEYS[by]: key, "trades": Num(len(amounts)),
                 "amount_low": total(low for _, low, _ in amounts),
                 "amount_high": total(high for _, _, high in amounts),
                 "open_ended": Num(sum(k == "open" for k, _, _ in amounts))}
                for key, amounts in found]
