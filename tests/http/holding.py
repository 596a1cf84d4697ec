"""Put a portfolio's days over HTTP."""

from harness import CSV, JSON, NDJSON, Num, dump


def held(security_id, quantity):
    return {"security_id": Num(security_id), "quantity": Num(quantity)}


def day_body(positions, how):
    if how == "json":
        return JSON, dump({"positions": positions})
    if how == "array":
        return JSON, dump(positions)
    if how == "ndjson":
        return NDJSON, "".join(dump(p) + "\n" for p in positions) or "\n"
    lines = ["quantity,security_id"]
    lines += ["%s,%s" % (p["quantity"], p["security_id"]) for p in positions]
    return CSV, "\r\n".join(lines) + "\r\n"


def put_body(client, portfolio, date, body, kind=JSON):
    path = "/v1/portfolios/%s/positions/%s" % (portfolio, date)
    return client.request("PUT", path, body.encode(), {"Content-Type": kind})


def put_day(client, portfolio, date, positions, how="json"):
    kind, body = day_body(positions, how)
    return put_body(client, portfolio, date, body, kind)
