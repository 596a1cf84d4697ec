"""Every error that a document lets a client provoke, and no other effect."""

import json

import asking
from asking import NEVER, bodies, brief, plain
from described import METHODS, PROBLEM
from harness import CSV, JSON, NDJSON
from judging import media_of
from probing import NOT_ACCEPTED, Prober

NO_BODY_SO_LONG = 2**50
# What only a broken, busy or closed server answers.
UNPROVOKED = {401, 403, 429, 500, 502, 503, 504, 507}


class Refuser(Prober):
    def refuse(self, request, statuses, why):
        statuses = statuses | (request.call.may() - set(request.call.good()))
        answer = self.ask(request, statuses, why)
        if media_of(answer) != PROBLEM and answer.status in statuses:
            self.fault(request, "%s: no problem but %s"
                       % (why, media_of(answer)))
        return answer

    def refuse_parameters(self, call):
        request = brief(call)
        self.refuse(request.having({"in": "query", "name": NEVER}, "1"),
                    {400}, "an unknown parameter")
        for parameter in call.parameters:
            if parameter["in"] == "query":
                self.refuse_query(request, parameter)
            for text in asking.misfits(parameter, call):
                if not asking.is_taken(parameter, call, text):
                    self.refuse_misfit(request, parameter, text)

    def refuse_query(self, request, parameter):
        value = next(iter(self.described.examples(parameter).values()))
        if "array" not in self.described.types(parameter["schema"]):
            self.refuse(request.having(parameter, [value, value]), {400},
                        "%s twice" % parameter["name"])
        if not parameter.get("allowEmptyValue"):
            self.refuse(request.having(parameter, ""), {400},
                        "%s without a value" % parameter["name"])
        if parameter.get("required"):
            self.refuse(request.lacking(parameter), {400},
                        "%s missing" % parameter["name"])
        if parameter["name"] == "cursor":
            self.refuse(request.having(parameter, value), {400},
                        "a cursor of another query")

    def refuse_misfit(self, request, parameter, text):
        one = request.having(parameter, text)
        why = "%s=%.40s" % (parameter["name"], text)
        statuses = {400}
        if parameter["in"] == "header":
            statuses = {400, 415}
        elif parameter["name"] == "format":
            statuses = {400, 406}
        self.refuse(one, statuses, why)

    def refuse_media(self, call):
        request = brief(call)
        statuses = {406} & call.statuses() or call.may()
        self.ask(request.headed(Accept=NOT_ACCEPTED), statuses, "Accept")
        if not call.bodies:
            return
        self.refuse(request.sending(NOT_ACCEPTED, request.body), {415},
                    "Content-Type")
        self.refuse(request.sending(None, request.body), {415},
                    "no Content-Type")
        self.check(request,
                   self.talker.announce(request, NO_BODY_SO_LONG), {413},
                   "a body without end")

    def refuse_methods(self, call):
        request = plain(call)
        for method in METHODS:
            if method.upper() in call.methods:
                continue
            answer = self.talker.send(request, method.upper())
            self.check(request, answer, {405}, method)
            self.check_allow(request, answer, 405)
        self.check(request, self.talker.send(request, "BREW"), {501}, "BREW")
        target = request.target().split("?")[0].rstrip("/") + "/" + NEVER
        self.check(request, self.talker.ask("GET", target + "/" + NEVER),
                   {404}, "no such path")

    def refuse_unknown(self, call):
        """Where a 404 is documented, an id that nothing bears has it."""
        if 404 not in call.statuses():
            return
        request = plain(call)
        statuses = set()
        for parameter in call.parameters:
            value = asking.unknown(parameter, call)
            if parameter.get("required") and value is not None:
                answer = self.ask(request.having(parameter, value),
                                  {400, 404}, "unknown")
                statuses.add(answer.status)
        if 404 not in statuses:
            self.fault(request, "nothing is unknown")

    def refuse_bodies(self, call):
        for request in bodies(plain(call)) if call.bodies else ():
            for body in asking.malformed(request.media, request.body):
                self.refuse(request.sending(request.media, body), {400},
                            "malformed")
            if request.media in (NDJSON, CSV):
                self.refuse_lines(request, request.media)
            else:
                self.refuse_values(request, request.media)

    def refuse_values(self, request, media):
        """Whatever the schema refuses."""
        schema = request.call.bodies[media]["schema"]
        for where, other in asking.mutants(json.loads(request.body)):
            if self.described.faults(schema, other, ""):
                self.refuse(request.sending(media, other), {422},
                            "changed at %s" % where)

    def refuse_lines(self, request, media):
        """A line that is no record, behind good ones."""
        bad = [b"1\n", b"[]\n", b"{}\n", b'{"%s":1}\n' % NEVER.encode()]
        if media == CSV:
            bad = [b"," * 99 + b"\n", b"x\n"]
        for line in bad:
            self.refuse(request.sending(media, request.body + line), {422},
                        "a line %r" % line)

    def refuse_all(self, call):
        """And whatever is refused has changed nothing."""
        request = plain(call)
        before = self.newest(request)
        self.refuse_parameters(call)
        self.refuse_media(call)
        self.refuse_methods(call)
        self.refuse_unknown(call)
        self.refuse_bodies(call)
        after = self.newest(request)
        if before != after:
            self.fault(request, "%s before, %s behind what was refused"
                       % (before, after))

    def newest(self, request):
        """Of the store, as every answer says, errors included."""
        return self.talker.send(request, "BREW").header("Secmaster-Tx")

    def check_seen(self, call):
        """Every documented status came, or cannot be provoked."""
        hidden = set(UNPROVOKED)
        if call.method != "get":
            hidden |= {409}  # another's request is in flight
        if call.needs():
            hidden |= {304, 409, 422} | set(call.good())
        if not call.bodies:
            hidden |= {413}  # an answer that does not fit into memory
        never = [status for status in call.statuses() - hidden
                 if (call.name, status) not in self.judge.seen]
        if never:
            self.fault(plain(call), "never answers %s" % never)

    def check_problems(self):
        """The type of each problem met leads to what it means."""
        request = plain(self.call("GET /problems/{type}"))
        for kind, problem in sorted(self.judge.problems.items()):
            answer = self.talker.ask("GET", kind, {"Accept": JSON})
            self.check(request, answer, {200}, kind)
            said = answer.json()
            if (said["type"], said["title"]) != (kind, problem["title"]):
                self.fault(request, "%s is %s" % (kind, said))
