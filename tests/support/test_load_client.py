"""The load client against a server that says what the test wants it to."""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest

LOAD = os.environ.get("LOAD_CLIENT", "build/dev/tests/support/load_client")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nSecmaster-Tx: 7\r\n\r\nabc"
CHUNKED = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           b"4\r\na\nb\n\r\n1a\r\n" + b"\n" * 26 + b"\r\n0\r\n\r\n")
EMPTY = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
SECRET = b"twenty-four bytes of key"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1\r\n\r\nx"
READ = (
    # answer, status, bytes, lines of chunks
    ("of known length", OK, "200", 3, 0),
    ("in chunks", CHUNKED, "200", 30, 28),
    ("empty", EMPTY, "201", 0, 0),
    ("none at all", NO_CONTENT, "204", 0, 0),
)
UNREADABLE = (
    ("no length", b"HTTP/1.1 200 OK\r\n\r\n"),
    ("another protocol", b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("no end of a chunk", CHUNKED.replace(b"\n\r\n1a", b"\nx\r\n1a")),
    ("no size of a chunk", CHUNKED.replace(b"1a", b"zz")),
    ("an endless head", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500),
)


class Server:
    """Answers requests on one connection in turn; keeps what was asked."""

    def __init__(self, answers, piece=65536):
        self.answers, self.piece, self.asked = answers, piece, []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        connection, _ = self.listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, self.listening, connection.makefile("rb") as asking:
            for answer in self.answers:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += asking.readline()
                length = re.search(rb"Content-Length: (\d+)", head)
                body = asking.read(int(length.group(1))) if length else b""
                self.asked.append((head, body))
                for at in range(0, len(answer), self.piece):
                    connection.sendall(answer[at:at + self.piece])
            connection.recv(1)


def run(server, *words):
    done = subprocess.run([LOAD, "--port", str(server.port), "--seconds", "0",
                           *words], capture_output=True, text=True, timeout=60)
    server.thread.join(10)
    return done


class LoadClient(unittest.TestCase):
    def load(self, answers, *words, piece=65536):
        server = Server(answers, piece)
        done = run(server, "--requests", str(len(answers)), *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout), server.asked

    def test_answers_are_read_to_their_end(self):
        for name, answer, status, size, lines in READ:
            for piece in (1, 65536):
                with self.subTest(name, piece=piece):
                    got, _ = self.load([answer] * 3, piece=piece)
                    self.assertEqual(got["statuses"], {status: 3})
                    self.assertEqual((got["body_bytes"], got["body_lines"]),
                                     (3 * size, 3 * lines))
                    self.assertEqual((got["cut"], got["reconnects"]), (0, 0))
                    self.assertLessEqual(got["first_max_us"], got["max_us"])
        self.assertEqual(self.load([OK])[0]["newest_tx"], 7)

    def test_what_is_no_answer_ends_it(self):
        for name, answer in UNREADABLE:
            with self.subTest(name):
                done = run(Server([answer]), "--requests", "1")
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("cannot read", done.stderr)

    def test_places_are_filled_within_their_bounds(self):
        words = ("--path", "/{n}/{r:5-9}/{day:1999-2000}/{x}{r:9-5}")
        shape = re.compile(rb"GET /(\d)/([5-9])/(1999|2000)-(0[1-9]|1[0-2])-"
                           rb"(0[1-9]|1\d|2[0-8])/\{x\}\{r:9-5\} ")
        _, asked = self.load([EMPTY] * 9, *words)
        found = [shape.match(head) for head, _ in asked]
        self.assertNotIn(None, found)
        self.assertEqual([int(f.group(1)) for f in found], list(range(9)))
        self.assertGreater(len({f.group(2) for f in found}), 1)
        self.assertEqual(asked, self.load([EMPTY] * 9, *words)[1])
        self.assertNotEqual(asked,
                            self.load([EMPTY] * 9, *words, "--seed", "2")[1])

    def test_each_delivery_is_signed_as_its_own(self):
        words = ("--mode", "post", "--body", "{n}", "--sign",
                 "whsec_" + base64.b64encode(SECRET).decode())
        ids = set()
        for _ in range(2):
            for number, (head, body) in enumerate(
                    self.load([NO_CONTENT] * 3, *words)[1]):
                name, moment, signature = re.search(
                    rb"webhook-id: (\S+)\r\nwebhook-timestamp: (\d+)\r\n"
                    rb"webhook-signature: v1,(\S+)\r\n", head).groups()
                self.assertEqual(body, b"%d" % number)
                self.assertAlmostEqual(int(moment), time.time(), delta=60)
                self.assertEqual(base64.b64decode(signature), hmac.new(
                    SECRET, b"%s.%s.%s" % (name, moment, body),
                    hashlib.sha256).digest())
                ids.add(name)
        self.assertEqual(len(ids), 6)

    def post_file(self, answers, text, *words):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            server = Server(answers)
            done = run(server, "--bodies", file.name, *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return [body for _, body in server.asked]

    def test_a_file_is_posted_in_bodies_of_lines(self):
        self.assertEqual(self.post_file([EMPTY] * 2, "a\nb\nc", "--lines",
                                        "2"), [b"a\nb\n", b"c"])
        self.assertEqual(self.post_file([EMPTY], "a\nb\n", "--lines", "0"),
                         [b"a\nb\n"])
        self.assertEqual(self.post_file([EMPTY] * 2, "h\na\nb\n", "--type",
                                        "text/csv"), [b"h\na\n", b"h\nb\n"])

    def test_a_body_that_met_a_busy_server_is_sent_again(self):
        self.assertEqual(self.post_file([EMPTY, BUSY, EMPTY, EMPTY],
                                        "a\nb\nc\n"),
                         [b"a\n", b"b\n", b"b\n", b"c\n"])


if __name__ == "__main__":
    unittest.main()
