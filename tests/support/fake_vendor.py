"""The fake vendor: a real HTTP server on loopback that follows a scenario.

usage: fake_vendor.py SCENARIO.json [--port 0] [--until-eof]

GET /_log tells every request with its time of arrival, POST /_reset forgets
them, POST /_scenario changes members of the scenario ("today", "rules", ...),
POST /_refuse {"seconds": S} stops listening for a while. A second port, the
other, has nothing to give: whoever asks there was led astray.
"""

import argparse
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import urllib.parse

import fake_wire
from fake_data import ScenarioFault
from fake_massive import Refused
from fake_scenario import Scenario, read_json, vendor_of
from fake_wire import Reply

HEAD_BYTES_MAX = 65536
IDLE_S = 300
BACKLOG = 128


class Asked:
    """One request; the endpoints read it, rules match it."""

    def __init__(self, head, fake, port):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.path, _, self.query_text = self.target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(
            self.query_text, keep_blank_values=True))
        self.came_by, self.port, self.other_port = port, fake.port, fake.other
        self.base = "http://127.0.0.1:%d" % fake.port
        self.vendor, self.found, self.module = vendor_of(self.path)
        self.setup, self.page_shift = None, 0
        self.key = self._take_key()

    def _take_key(self):
        """(how it came, the key); it is in no query from here on."""
        name = self.module.KEY_PARAMETER if self.module else None
        pairs = [p for p in self.query_text.split("&") if p]
        kept = [p for p in pairs if p.partition("=")[0]
                not in ("apiKey", "token")]
        in_query = self.query.pop(name, None)
        for other in ("apiKey", "token"):
            self.query.pop(other, None)
        self.query_text = "&".join(kept)
        self.target = self.path + ("?" + self.query_text if kept else "")
        bearer = self.headers.get("authorization", "")
        if name == "apiKey" and bearer.startswith("Bearer "):
            return "bearer", bearer[len("Bearer "):]
        if in_query is not None:
            return "query", in_query
        return ("stray" if len(kept) != len(pairs) or bearer else "none"), None

    @property
    def is_last(self):
        return self.version == "HTTP/1.0" \
            or self.headers.get("connection", "").lower() == "close"


class Fake:
    """The sockets, the log and the scenario that stands."""

    def __init__(self, doc, port=0):
        self.lock = threading.Lock()
        self.scenario = Scenario(doc)
        self.log, self.faults, self.connections = [], [], {}
        self.refused_s, self.is_refusing = 0, threading.Event()
        # Bound and never listening: it keeps the port while nobody listens.
        self.holder = self._socket(port)
        self.port = self.holder.getsockname()[1]
        self.listening = self._listen(self.port)
        self.astray = self._listen(0)
        self.other = self.astray.getsockname()[1]
        self.waked, self.waker = socket.socketpair()

    @staticmethod
    def _socket(port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        return sock

    def _listen(self, port):
        sock = self._socket(port)
        sock.listen(BACKLOG)
        return sock

    def serve(self):
        while True:
            ready, _, _ = select.select(
                [self.listening, self.astray, self.waked], [], [])
            if self.waked in ready:
                self.waked.recv(1)
                self._be_away()
                continue
            for listening in ready:
                sock, _ = listening.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                port = self.other if listening is self.astray else self.port
                threading.Thread(target=self._connection, args=(sock, port),
                                 daemon=True).start()

    def _be_away(self):
        """Nobody listens and nobody stays connected, for a while."""
        self.listening.close()
        with self.lock:
            for sock in self.connections.values():
                self._cut_off(sock)
            self.connections.clear()
        self.is_refusing.set()
        time.sleep(self.refused_s)
        self.is_refusing.clear()
        self.listening = self._listen(self.port)

    @staticmethod
    def _cut_off(sock):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it had hung up before

    def refuse(self, seconds, spared):
        """Returns when all connections but the spared one are refused."""
        with self.lock:
            self.connections.pop(id(spared), None)
        self.refused_s = seconds
        self.waker.send(b"r")
        self.is_refusing.wait()

    def _connection(self, sock, port):
        number = id(sock)
        with self.lock:
            self.connections[number] = sock
        try:
            rest = b""
            sock.settimeout(IDLE_S)
            while rest is not None:
                rest = self._request(sock, port, rest)
        except (OSError, ValueError):
            pass  # it hung up, as a client may, or speaks no HTTP
        finally:
            with self.lock:
                self.connections.pop(number, None)
            sock.close()

    def _request(self, sock, port, data):
        """Answer one; what was read behind it, or None: the end."""
        while b"\r\n\r\n" not in data:
            more = sock.recv(HEAD_BYTES_MAX)
            if not more or len(data) > HEAD_BYTES_MAX:
                return None
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        arrived = time.monotonic()
        asked = Asked(head, self, port)
        length = int(asked.headers.get("content-length", "0"))
        while len(data) < length:
            data += sock.recv(HEAD_BYTES_MAX)
        body, data = data[:length], data[length:]
        if asked.path.startswith("/_") and port == self.port:
            return data if self._control(sock, asked, body) else None
        reply, away_s = self._answer(asked, arrived)
        if away_s is not None:
            self.refuse(away_s, sock)
            fake_wire.hang_up(sock, True)
            return None
        return data if fake_wire.send(sock, reply, asked.is_last) else None

    def _answer(self, asked, arrived):
        """(reply, seconds to be away before it or None), logged."""
        away_s, done = None, []
        with self.lock:
            setup = asked.setup = self.scenario
            reply = self._refusal(asked, setup)
            if reply is None:
                rules = [r for r in setup.rules if r.applies(asked)]
                done = [r.name for r in rules]
                asked.page_shift = sum(r.doc["shift"] for r in rules
                                       if r.name == "page")
                reply = self._reply(asked, setup, rules)
                away_s = next((r.doc["refuse_seconds"] for r in rules
                               if r.name == "refuse"), None)
            self._write_down(asked, arrived, reply.status, done)
        return reply, away_s

    def _refusal(self, asked, setup):
        if asked.came_by == self.other:
            return Reply(404, {"error": "nothing is here"})
        if asked.found is None:
            return Reply(404, {"status": "ERROR", "error": "no such path"})
        if asked.method != "GET":
            return Reply(405, {"error": "GET only"})
        if asked.module and asked.key[1] != setup.keys[asked.vendor]:
            return asked.module.unauthorized(asked, asked.key[1] is None)
        return None

    def _reply(self, asked, setup, rules):
        parameters, function = asked.found
        unknown = sorted(set(asked.query) - parameters)
        if unknown:
            self.faults.append("%s: unknown %s" % (asked.path, unknown))
        try:
            reply = function(asked, setup.data)
        except Refused as refused:
            reply = refused.reply
        try:
            for rule in rules:
                rule.change(reply, rule, asked)
        except ScenarioFault as fault:
            self.faults.append(str(fault))
            return Reply(500, {"error": str(fault)})
        return reply

    def _write_down(self, asked, arrived, status, done):
        how, key = asked.key
        self.log.append({
            "n": len(self.log) + 1, "at": arrived,
            "time": time.time() - (time.monotonic() - arrived),
            "to": "other" if asked.came_by == self.other else "vendor",
            "host": asked.headers.get("host"), "method": asked.method,
            "vendor": asked.vendor, "path": asked.path,
            "query": asked.query_text, "key": how,
            "key_is_good": bool(asked.module)
            and key == self.scenario.keys[asked.vendor],
            "user_agent": asked.headers.get("user-agent"), "status": status,
            "did": done})

    def _control(self, sock, asked, body):
        try:
            given = json.loads(body) if body else {}
            status, doc = 200, self._controlled(asked, given)
        except (ScenarioFault, ValueError, KeyError) as fault:
            status, doc = 400, {"error": str(fault)}
        if (asked.path, status) == ("/_refuse", 200):
            self.refuse(doc["seconds"], sock)
        return fake_wire.send_whole(sock, Reply(status, doc), asked.is_last)

    def _controlled(self, asked, given):
        what = (asked.method, asked.path)
        with self.lock:
            if what == ("GET", "/_log"):
                return {"now": time.monotonic(), "port": self.port,
                        "other": self.other,
                        "today": str(self.scenario.today),
                        "requests": list(self.log),
                        "faults": list(self.faults)}
            if what == ("POST", "/_reset"):
                self.log, self.faults = [], []
                self.scenario = self.scenario.changed({})
                return {}
            if what == ("POST", "/_scenario"):
                self.scenario = self.scenario.changed(given)
                return {"today": str(self.scenario.today)}
            if what == ("POST", "/_refuse"):
                return {"seconds": float(given["seconds"])}
        raise ScenarioFault("no such path: %s %s" % what)


def leave_at_eof():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    args = argparse.ArgumentParser(description="A fake vendor on loopback.")
    args.add_argument("scenario")
    args.add_argument("--port", type=int, default=0)
    args.add_argument("--until-eof", action="store_true",
                      help="end when the standard input does")
    args = args.parse_args()
    try:
        fake = Fake(read_json(args.scenario), args.port)
    except (ScenarioFault, OSError) as fault:
        sys.exit("fake_vendor: %s" % fault)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if args.until_eof:
        threading.Thread(target=leave_at_eof, daemon=True).start()
    print("listening on http://127.0.0.1:%d" % fake.port, flush=True)
    try:
        fake.serve()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
