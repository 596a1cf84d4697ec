"""A client that knows an API by its document alone, and tries all of it."""

import json
import urllib.parse

import asking
from asking import NEVER, bodies, brief, plain
from described import Described
from harness import CSV, JSON, NDJSON, csv_fields, dump, parse
from judging import Judge, body_of, cells, media_of, rows_of

PAGES = 12  # a walk has about so many
VOLATILE = {"date", "x-request-id", "content-length", "transfer-encoding"}
NOT_ACCEPTED = "application/x-" + NEVER


class Prober:
    """Sends, and collects what is wrong: one line a fault."""

    def __init__(self, document, talker):
        self.described = Described(document)
        self.judge = Judge(self.described)
        self.talker = talker
        self.faults = []

    def fault(self, request, text):
        self.faults.append("%s: %s" % (request, text))

    def take_faults(self):
        taken, self.faults = self.faults, []
        return taken

    def calls(self):
        return self.described.calls()

    def call(self, name):
        return [call for call in self.calls() if call.name == name][0]

    def ask(self, request, statuses, why, method=None):
        """The answer, judged; statuses is those it may have."""
        answer = self.talker.send(request, method)
        self.check(request, answer, statuses, why, method != "HEAD")
        return answer

    def check(self, request, answer, statuses, why, has_body=True):
        if answer.status not in statuses:
            self.fault(request, "%s: %d, not %s: %r" % (
                why, answer.status, sorted(statuses), answer.body[:300]))
        for text in self.judge.faults(request.call, answer, has_body):
            self.fault(request, "%s, %d: %s" % (why, answer.status, text))

    def whole(self, request):
        """Sent for its answer's sake alone."""
        return self.ask(request, {200}, "is read")

    # What may be asked.

    def send_examples(self, call):
        """Every documented body is taken, and what is stored under a key is
        stored just once."""
        key = call.parameter("Idempotency-Key")
        last = None
        requests = bodies(plain(call)) if call.bodies else ()
        for number, request in enumerate(requests):
            if key is None:
                self.ask(request, call.may(), "an example")
                continue
            request = request.having(key, "%s.%d" % (
                call.about["operationId"], number))
            first = self.ask(request, call.good(), "an example")
            if not call.documents(first.status, "Idempotency-Replayed"):
                continue
            again = self.ask(request, {first.status}, "the same again")
            if again.header("Idempotency-Replayed") != "true" \
                    or again.body != first.body:
                self.fault(request, "is not replayed under its key")
            if last:
                self.ask(request.having(key, last), {422}, "another's key")
            last = request.given["header"]["Idempotency-Key"]

    def check_examples(self, call):
        """A documented line is one of the things that JSON lists."""
        for content in [call.bodies] + [response.get("content", {}) for
                                        response in call.good().values()]:
            if NDJSON not in content:
                continue
            _, schema = self.described.items(content[JSON]["schema"])
            for text in self.described.examples(content[NDJSON]).values():
                for line in text.splitlines():
                    for fault in self.described.faults(
                            schema, json.loads(line), line):
                        self.fault(plain(call), fault)

    def try_parameters(self, call):
        """Each with its examples, and at the ends of its range."""
        good = call.may()
        if call.method == "get":
            good |= {404, 409} & call.statuses()
        self.ask(brief(call), call.may(), "only what is required")
        for number in range(len(list(asking.tried(brief(call))))):
            self.try_one(call, number, good)
        loose = good | {400, 404, 422}
        for one in asking.ends(brief(call)):
            self.ask(one, loose, "the end of a range")
        for parameter in call.parameters:
            for value in self.described.examples(parameter).values():
                self.ask(brief(call).having(parameter, value), loose,
                         "the very example")
            for text in asking.misfits(parameter, call):
                if asking.is_taken(parameter, call, text):
                    self.ask(brief(call).having(parameter, text),
                             call.may(), "%.40s is taken" % text)

    def try_one(self, call, number, good):
        """With one of the bodies at least, where there are several."""
        answers = []
        for request in bodies(brief(call)):
            parameter, one = list(asking.tried(request))[number]
            answer = self.ask(one, good | {400, 415, 422},
                              parameter["name"])
            answers.append(answer.status)
        if not good & set(answers):
            self.fault(one, "%s: %s" % (parameter["name"], answers))

    def is_lacking(self, request):
        """Whether what the call needs is not there."""
        return request.call.needs() \
            and self.ask(request, request.call.may(), "is there").status == 404

    def try_media(self, call):
        """Each format by Accept, and all of them say the same."""
        request = plain(call)
        got = {}
        for media in call.media():
            answer = self.ask(request.headed(Accept=media), call.may(),
                              "Accept")
            if answer.status == 404:
                continue
            if media_of(answer) == media:
                got[media] = answer
            else:
                self.fault(request, "%s is asked for, %s came"
                           % (media, media_of(answer)))
        if CSV in got and NDJSON in got:
            self.compare_csv(request, got)
        if NDJSON in got and not call.parameter("limit"):
            self.compare(request, rows_of(call, got[JSON]),
                         rows_of(call, got[NDJSON]), "JSON and NDJSON")

    def compare(self, request, left, right, why):
        if left != right or list(map(names, left)) != list(map(names, right)):
            self.fault(request, "%s differ: %d and %d rows, %.300s"
                       % (why, len(left), len(right),
                          [(a, b) for a, b in zip(left, right)
                           if dump(a) != dump(b)]))

    def compare_csv(self, request, got):
        header = [name for name, _ in csv_fields(body_of(got[CSV]))[0]]
        rows = rows_of(request.call, got[NDJSON])
        whole = parse(body_of(got[JSON]))
        if header != whole.get("columns", list(whole)):
            self.fault(request, "CSV has the columns %s" % header)
        self.compare(request, rows_of(request.call, got[CSV]),
                     [cells(row, len(header)) for row in rows],
                     "CSV and NDJSON")

    def try_conditions(self, call):
        """HEAD, OPTIONS, gzip and If-None-Match."""
        request = brief(call)
        self.check_allow(request, self.talker.send(request, "OPTIONS"), 204)
        if call.method != "get" or self.is_lacking(request):
            return
        answer = self.whole(request)
        bare = self.ask(request, {answer.status}, "HEAD", "HEAD")
        if stable_headers(bare) != stable_headers(answer) or bare.body:
            self.fault(request, "HEAD: %s, GET: %s" % (
                stable_headers(bare), stable_headers(answer)))
        packed = self.whole(request.headed(Accept_Encoding="gzip"))
        tag = answer.header("ETag")
        if tag is None:
            return
        if body_of(packed) != answer.body:
            self.fault(request, "gzip holds something else")
        for given in (tag, "*", '"x", %s' % tag):
            for method in ("GET", "HEAD"):
                self.ask(request.headed(If_None_Match=given), {304},
                         "what is had", method)
        self.ask(request.headed(If_None_Match='"x"'), {answer.status},
                 "what is not had")

    def check_allow(self, request, answer, status):
        allow = (answer.header("Allow") or "").split(", ")
        if answer.status != status or set(allow) != request.call.methods | {"OPTIONS"}:
            self.fault(request, "%d allows %s" % (answer.status, allow))

    # Page by page.

    def walk(self, request, limit):
        """The pages, each by the Link of the one before."""
        parameter = request.call.parameter("limit")
        answer = self.whole(request.having(parameter, limit))
        while True:
            yield answer
            following = self.next_target(request, answer)
            if following is None:
                return
            answer = self.talker.ask("GET", following, request.headers())
            self.check(request, answer, {200}, "page " + following)
            if answer.status != 200:
                return

    def next_target(self, request, answer):
        link = answer.header("Link")
        target = link[1:link.index(">")] if link else None
        cursor = None
        if target:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
            cursor = query.get("cursor", [None])[0]
        if media_of(answer) == JSON \
                and parse(body_of(answer))["next_cursor"] != cursor:
            self.fault(request, "next_cursor is not that of %s" % link)
        return target

    def try_pages(self, call):
        """Every page of every format: together they are the whole."""
        if not call.parameter("cursor"):
            return
        request = plain(call)
        if self.is_lacking(request):
            return
        stream = NDJSON if NDJSON in call.media() else JSON
        whole = rows_of(call, self.whole(self.unpaged(request, stream)))
        for media in call.media():
            self.try_walk(request.headed(Accept=media), whole)
        for parameter, one in asking.tried(request):
            if parameter["name"] in ("limit", "format") \
                    or parameter["in"] != "query":
                continue
            answer = self.talker.send(self.unpaged(one, stream))
            if answer.status == 200:
                self.try_walk(one.headed(Accept=stream),
                              rows_of(call, answer))

    def unpaged(self, request, media):
        """JSON has pages in any case: one as large as can be."""
        limit = request.call.parameter("limit")
        if media == JSON:
            request = request.having(
                limit, self.described.follow(limit["schema"])["maximum"])
        return request.headed(Accept=media)

    def try_walk(self, request, whole):
        limit = max(1, -(-len(whole) // PAGES))
        got, sizes, snapshots = [], [], set()
        for answer in self.walk(request, limit):
            rows = rows_of(request.call, answer)
            got += rows
            sizes.append(len(rows))
            snapshots.add(answer.header("Secmaster-Tx"))
        if media_of(answer) == CSV and whole:
            whole = [cells(row, len(whole[0])) for row in whole]
        self.compare(request, got, whole, "the pages and the whole")
        if any(size != limit for size in sizes[:-1]) or len(snapshots) > 1:
            self.fault(request, "pages of %s rows at %s, limit %d"
                       % (sizes, snapshots, limit))

    def try_feed(self, call):
        """A feed that is followed by the last_tx of each answer."""
        after = call.parameter("after_tx")
        if after is None or call.parameter("cursor"):
            return
        got = {}
        for media in call.media():
            got[media], last = [], 0
            while True:
                request = plain(call).having(after, last)
                request = request.having(call.parameter("limit"), 3)
                answer = self.whole(request.headed(Accept=media))
                got[media] += rows_of(call, answer)
                if not rows_of(call, answer):
                    break
                last = last_of(answer)
        for rows in got.values():
            self.compare(plain(call), rows, got[JSON], "the feeds")
        if not got[JSON]:
            self.fault(plain(call), "has nothing to say")


def names(row):
    """Members in their order, which == does not compare."""
    return list(row) if isinstance(row, dict) else None


def last_of(answer):
    if media_of(answer) == JSON:
        return json.loads(body_of(answer))["last_tx"]
    return int(answer.header("Secmaster-Last-Tx"))


def stable_headers(answer):
    return sorted((name.lower(), value) for name, value in answer.headers
                  if name.lower() not in VOLATILE)
