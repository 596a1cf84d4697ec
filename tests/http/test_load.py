"""secmaster load: a file into a server or a store."""

import os
import pty
import re
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from harness import BINARY, Server

HEADER = "security_id,attribute,value,effective_date\n"


def row(security_id, value="v", date="2024-01-01"):
    return "%s,k,%s,%s\n" % (security_id, value, date)


def line(security_id, value='"v"', date="2024-01-01"):
    return ('{"security_id":%s,"attribute":"k","value":%s,'
            '"effective_date":"%s"}\n' % (security_id, value, date))


def counts(read, stored, unchanged, refused):
    return "read %d, stored %d, unchanged %d, refused %d" % (
        read, stored, unchanged, refused)


# name, file name, content, batch, counts, exit status, pieces of stderr
CASES = [
    ("one batch", "f.csv", HEADER + row(1) + row(2), 10,
     counts(2, 2, 0, 0), 0, []),
    ("several batches", "f.csv",
     HEADER + "".join(row(i) for i in range(25)), 10,
     counts(25, 25, 0, 0), 0, []),
    ("a quoted line end", "f.csv",
     HEADER + row(1, '"a\nb"') + row(2) + row(3, '"a\n""b"""'), 1,
     counts(3, 3, 0, 0), 0, []),
    ("ndjson", "f.ndjson", line(1) + "\n" + line(2) + "  \n" + line(3), 2,
     counts(3, 3, 0, 0), 0, []),
    ("jsonl without a last line end", "f.jsonl", (line(1) + line(2))[:-1], 2,
     counts(2, 2, 0, 0), 0, []),
    ("only a header", "f.csv", HEADER, 10, counts(0, 0, 0, 0), 0, []),
    ("only a header, without its line end", "f.csv", HEADER[:-1], 10,
     counts(0, 0, 0, 0), 0, []),
    ("only a wrong header", "f.csv", "foo,bar\n", 10, counts(0, 0, 0, 0), 1,
     ["F:1: foo: unknown column", "F: the header is wrong"]),
    ("only a wrong header, without its line end", "f.csv", "foo,bar", 10,
     counts(0, 0, 0, 0), 1,
     ["F:1: foo: unknown column", "F: the header is wrong"]),
    ("bytes that are no text", "f.csv", "\0\1\2", 10, counts(0, 0, 0, 0), 1,
     ["F: the header is wrong"]),
    ("a header outside the grammar", "f.csv", 'a"b\n', 10,
     counts(0, 0, 0, 0), 1, ["F:1: byte "]),
    ("an empty file", "f.ndjson", "", 10, counts(0, 0, 0, 0), 1,
     ["F: nothing to load"]),
    ("an empty file of CSV", "f.csv", "", 10, counts(0, 0, 0, 0), 1,
     ["F: nothing to load"]),
    ("blank lines alone", "f.ndjson", " \n\n", 10, counts(0, 0, 0, 0), 1,
     ["F: nothing to load"]),
    ("rows that fill their batches", "f.csv", HEADER + row(1) + row(2), 1,
     counts(2, 2, 0, 0), 0, []),
    ("a refused batch among others", "f.csv",
     HEADER + row(1) + row(2) + row(3, date="2023-02-29") + row("x")
     + row(5) + row(6), 2, counts(6, 4, 0, 2), 1, ["F:4: ", "F:5: "]),
    ("a refused batch behind quoted line ends", "f.csv",
     HEADER + row(1, '"a\nb\nc"') + row(2, date="nonsense"), 1,
     counts(2, 1, 0, 1), 1, ["F:5: "]),
    ("refused ndjson", "f.ndjson", line(1) + "\n" + line(-1) + line(3), 1,
     counts(3, 2, 0, 1), 1, ["F:3: "]),
    ("a retraction of nothing", "f.csv",
     "security_id,attribute,value,effective_date,op\n"
     "1,k,v,2024-01-01,assert\n2,k,,2024-01-01,retract\n"
     "1,k,,2024-01-01,retract\n", 1,
     counts(3, 2, 0, 1), 1, ["F:3: there is no live assertion of this security, attribute, date and source to retract"]),
    ("more complaints than are listed", "f.csv",
     HEADER + "".join(row("x") for _ in range(120)), 1000,
     counts(120, 0, 0, 120), 1, ["F:2: ", "F:101: ", "and 20 more"]),
    ("an unknown column", "f.csv", "security_id,colour\n1,red\n", 10,
     counts(1, 0, 0, 1), 1,
     ["F:1: ", "F: the header is wrong; the rest was not read"]),
    ("an unknown column before several batches", "f.csv",
     "security_id,colour\n" + "1,red\n" * 9, 3,
     counts(3, 0, 0, 3), 1, ["F: the header is wrong; the rest"]),
    ("outside the grammar of CSV", "f.csv",
     HEADER + row(1) + row(2) + row(3, 'a"b') + row(4) + row(5), 2,
     counts(4, 2, 0, 2), 1, ["F:4: byte 83: ", "; the rest was not read"]),
    ("a quote that never closes", "f.csv",
     HEADER + row(1) + row(2, '"a') + row(3), 1,
     counts(2, 1, 0, 1), 1, ["F:3: byte 65: "]),
    ("outside the grammar of JSON", "f.ndjson",
     line(1) + line(2) + "{]\n" + line(4), 2, counts(4, 2, 0, 2), 1,
     ["F:3: byte ", "; the rest was not read"]),
    ("bytes that are not UTF-8", "f.csv",
     HEADER + row(1) + row(2, "\udcff") + row(3), 1, counts(2, 1, 0, 1), 1,
     ["F:3: byte ", "; the rest was not read"]),
]


def load(*args, stdin=None, timeout=60):
    return subprocess.run([BINARY, "load", *args], capture_output=True,
                          text=True, timeout=timeout,
                          **({"input": stdin} if stdin is not None
                             else {"stdin": subprocess.DEVNULL}))


def rows_of(server):
    return server.client.get("/v1/securities?as_of=2024-01-01"
                             "&format=csv").body


class Loading(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", newline="",
                  errors="surrogateescape") as out:
            out.write(content)
        return path

    def check(self, case, path, done):
        name, _, _, _, expected, status, pieces = case
        last = done.stdout.splitlines()[-1:]
        self.assertEqual(last, [expected], (name, done.stderr))
        self.assertEqual(done.returncode, status, (name, done.stderr))
        for piece in pieces:
            self.assertIn(piece.replace("F:", path + ":"), done.stderr, name)
        if status == 0:
            self.assertEqual(done.stderr, "", name)

    def test_both_ways_in_store_and_refuse_the_same(self):
        for case in CASES:
            path = self.file(case[1], case[2])
            by_url, by_data = Server(), Server()
            self.addCleanup(by_url.drop)
            self.addCleanup(by_data.drop)
            done = load(path, "--data", by_data.data, "--batch", str(case[3]))
            self.check(case, path, done)
            url = "http://127.0.0.1:%d" % by_url.start().port
            done = load(path, "--url", url, "--batch", str(case[3]))
            self.check(case, path, done)
            by_data.start()
            self.assertEqual(rows_of(by_url), rows_of(by_data), case[0])
            self.assertEqual(by_url.client.newest(),
                             by_data.client.newest(), case[0])
            by_url.stop()
            by_data.stop()

    def test_standard_input_needs_its_format(self):
        data = os.path.join(self.folder.name, "data")
        done = load("-", "--data", data, stdin=HEADER + row(1))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("standard input needs --format", done.stderr)
        done = load("-", "--data", data, "--format", "csv",
                    stdin=HEADER + row("x"))
        self.assertTrue(done.stderr.startswith("standard input:2: "),
                        done.stderr)
        done = load("-", "--data", data, "--format", "csv",
                    stdin=HEADER + row(1))
        self.assertEqual(done.stdout, counts(1, 1, 0, 0) + "\n")
        done = load("-", "--data", data, "--format", "ndjson", stdin=line(2))
        self.assertEqual(done.stdout, counts(1, 1, 0, 0) + "\n")

    def test_wrong_usage(self):
        path = self.file("f.csv", HEADER + row(1))
        odd = self.file("f.txt", HEADER + row(1))
        for args in ((), (path,), (path, "--url", "http://x", "--data", "d"),
                     (path, "f", "--data", "d"), (odd, "--data", "d"),
                     (path, "--data", "d", "--batch", "0"),
                     (path, "--data", "d", "--batch", "1x"),
                     (path, "--data", "d", "--batch", "1000001"),
                     (path, "--data", "d", "--format", "json"),
                     (path, "--data", "d", "--nonsense"),
                     (path, "--data", "")):
            done = load(*args)
            self.assertEqual(done.returncode, 2, (args, done.stderr))
            self.assertEqual(done.stdout, "", args)
            self.assertIn("--help", done.stderr, args)

    def test_what_is_not_there(self):
        path = self.file("f.csv", HEADER + row(1))
        data = os.path.join(self.folder.name, "data")
        done = load(path + ".csv", "--data", data)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("No such file", done.stderr)
        done = load(self.folder.name, "--data", data)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(": is a directory", done.stderr)
        done = load(path, "--data", os.path.join(data, "no", "parent"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("No such file", done.stderr)
        done = load(path, "--url", "http://127.0.0.1:1")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("127.0.0.1", done.stderr)
        self.assertIn("lines 2 to 2 are not stored", done.stderr)
        self.assertNotIn("may be stored", done.stderr)
        self.assertEqual(done.stdout, counts(1, 0, 0, 1) + "\n")

    def test_with_much_memory_nothing_is_left_to_merge(self):
        path = self.file("f.csv", HEADER + "".join(map(row, range(1000))))
        for given, is_whole in ((268435457, True), (268435456, False)):
            server = Server()
            self.addCleanup(server.drop)
            done = load(path, "--data", server.data, "--batch", "100",
                        "--memtable-bytes", str(given))
            self.assertEqual(done.stdout, counts(1000, 1000, 0, 0) + "\n",
                             done.stderr)
            client = server.start().client
            self.assertEqual(client.newest(), 10)
            self.assertEqual(client.merged(), 10 if is_whole else 0, given)
            held = client.get("/metrics").body.decode()
            self.assertIn("\nsecmaster_memtable_records %d\n"
                          % (0 if is_whole else 1000), held)
            rows = client.get("/v1/master?format=ndjson").body
            self.assertEqual(rows.count(b"\n"), 1000)

    def test_a_store_that_a_server_holds_is_refused(self):
        path = self.file("f.csv", HEADER + row(1))
        server = Server()
        self.addCleanup(server.drop)
        server.start()
        done = load(path, "--data", server.data)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(server.client.newest(), 0)

    def test_a_body_over_the_servers_limit_ends_it(self):
        path = self.file("f.csv", HEADER + "".join(map(row, range(100))))
        server = Server("--max-body", "1000")
        self.addCleanup(server.drop)
        url = "http://127.0.0.1:%d" % server.start().port
        done = load(path, "--url", url)
        self.assertEqual(done.returncode, 1)
        self.assertIn("413", done.stderr)
        self.assertIn(path + ": lines 2 to 101 are not stored", done.stderr)
        done = load(path, "--url", url, "--batch", "20")
        self.assertEqual(done.stdout, counts(100, 100, 0, 0) + "\n")

    def test_slashes_behind_the_url_do_not_count(self):
        server = Server()
        self.addCleanup(server.drop)
        url = "http://127.0.0.1:%d" % server.start().port
        for i, slashes in enumerate(("", "/", "//")):
            path = self.file("%d.csv" % i, HEADER + row(i))
            done = load(path, "--url", url + slashes)
            self.assertEqual(done.stdout, counts(1, 1, 0, 0) + "\n",
                             (slashes, done.stderr))

    def test_behind_a_409_a_refused_connection_tells_nothing(self):
        """Another load's batch was under way: it may be stored."""
        rows = [(b"409 In Flight", "may be stored or not"),
                (b"503 Busy", "are not stored")]
        for status, words in rows:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                def serve():
                    with listener.accept()[0] as connection:
                        got = b""
                        while not got.endswith(row(1).encode()):
                            got += connection.recv(65536)
                        listener.close()
                        connection.sendall(
                            b"HTTP/1.1 " + status + b"\r\nRetry-After: 1\r\n"
                            b"Content-Length: 0\r\nConnection: close\r\n\r\n")
                thread = threading.Thread(target=serve)
                thread.start()
                done = load(self.file("f.csv", HEADER + row(1)), "--url",
                            "http://127.0.0.1:%d" % listener.getsockname()[1])
                thread.join()
            self.assertEqual(done.stdout, counts(1, 0, 0, 1) + "\n")
            self.assertIn("lines 2 to 2 " + words, done.stderr, status)

    def test_a_busy_server_is_asked_again(self):
        answers = [b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n"
                   b"Content-Length: 0\r\nConnection: close\r\n\r\n",
                   b"HTTP/1.1 409 In Flight\r\nRetry-After: 1\r\n"
                   b"Content-Length: 0\r\nConnection: close\r\n\r\n",
                   b"HTTP/1.1 201 Created\r\nContent-Length: 11\r\n"
                   b"Connection: close\r\n\r\n{\"facts\":1}"]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                for answer in answers:
                    with listener.accept()[0] as connection:
                        got = b""
                        while not got.endswith(row(1).encode()):
                            got += connection.recv(65536)
                        connection.sendall(answer)
            thread = threading.Thread(target=serve)
            thread.start()
            done = load(self.file("f.csv", HEADER + row(1)), "--url",
                        "http://127.0.0.1:%d" % listener.getsockname()[1])
            thread.join()
        self.assertEqual(done.stdout, counts(1, 1, 0, 0) + "\n", done.stderr)

    def both_ways(self):
        """(how, its arguments, the newest transaction) of a store each."""
        server = Server()
        self.addCleanup(server.drop)
        url = "http://127.0.0.1:%d" % server.start().port
        yield "--url", ("--url", url), server.client.newest
        holder = Server()
        self.addCleanup(holder.drop)

        def newest():
            holder.start()
            count = holder.client.newest()
            holder.stop()
            return count
        yield "--data", ("--data", holder.data), newest

    def test_run_again_it_stores_nothing_twice(self):
        rows = [row(i) for i in range(40)]
        whole = self.file("f.csv", HEADER + "".join(rows))
        for how, to, newest in self.both_ways():
            cut = self.file("f.csv", HEADER + "".join(rows[:25]))
            steps = [  # rows of the file, further arguments, counts, tx
                (25, (), counts(25, 25, 0, 0), 3),
                (25, (), counts(25, 0, 25, 0), 3),
                (40, (), counts(40, 20, 20, 0), 5),
                (40, (), counts(40, 0, 40, 0), 5),
                (40, ("--again",), counts(40, 40, 0, 0), 9),
                (40, ("--batch", "20"), counts(40, 40, 0, 0), 11)]
            for count, more, expected, tx in steps:
                self.file("f.csv", HEADER + "".join(rows[:count]))
                done = load(cut, *to, "--batch", "10", *more)
                self.assertEqual(done.stdout, expected + "\n",
                                 (how, count, more, done.stderr))
                self.assertEqual(done.returncode, 0, (how, count, more))
                self.assertEqual(newest(), tx, (how, count, more))
            self.assertEqual(cut, whole)

    def test_the_same_lines_at_another_place_are_others(self):
        path = self.file("f.ndjson", line(1) * 6)
        for how, to, newest in self.both_ways():
            for expected in (counts(6, 6, 0, 0), counts(6, 0, 6, 0)):
                done = load(path, *to, "--batch", "2")
                self.assertEqual(done.stdout, expected + "\n", how)
                self.assertEqual(newest(), 3, how)

    def test_refused_batches_are_tried_again(self):
        content = HEADER + row(1) + row("x") + row(3)
        for how, to, _ in self.both_ways():
            for text, expected in ((content, counts(3, 2, 0, 1)),
                                   (content, counts(3, 0, 2, 1)),
                                   (content.replace("x", "2"),
                                    counts(3, 1, 2, 0))):
                done = load(self.file("f.csv", text), *to, "--batch", "1")
                self.assertEqual(done.stdout, expected + "\n", how)

    def test_what_was_loaded_without_a_server_is_known_to_it(self):
        path = self.file("f.csv", HEADER + "".join(map(row, range(30))))
        server = Server()
        self.addCleanup(server.drop)
        done = load(path, "--data", server.data, "--batch", "10")
        self.assertEqual(done.stdout, counts(30, 30, 0, 0) + "\n")
        url = "http://127.0.0.1:%d" % server.start().port
        done = load(path, "--url", url, "--batch", "10")
        self.assertEqual(done.stdout, counts(30, 0, 30, 0) + "\n")
        server.stop()
        done = load(path, "--data", server.data, "--batch", "10")
        self.assertEqual(done.stdout, counts(30, 0, 30, 0) + "\n")

    def test_a_load_that_was_killed_is_run_again(self):
        rows = [row(i) for i in range(5000)]
        path = self.file("f.csv", HEADER + "".join(rows))
        for how, to, newest in self.both_ways():
            for after_s in (0.05, 0.15):
                process = subprocess.Popen(
                    [BINARY, "load", path, *to, "--batch", "10"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                time.sleep(after_s)
                process.kill()
                process.wait()
            done = load(path, *to, "--batch", "10")
            stored, unchanged = map(int, re.fullmatch(
                r"read 5000, stored (\d+), unchanged (\d+), refused 0\n",
                done.stdout).groups())
            self.assertEqual(stored + unchanged, 5000, how)
            self.assertEqual(done.returncode, 0, how)
            self.assertEqual(newest(), 500, how)

    def test_a_server_that_dies_leaves_an_unknown_batch(self):
        path = self.file("f.csv", HEADER + "".join(map(row, range(9))))
        answer = (b"HTTP/1.1 201 Created\r\nContent-Length: 11\r\n\r\n"
                  b"{\"facts\":3}")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with listener.accept()[0] as connection:
                    for last, reply in ((row(2), answer), (row(5), b"")):
                        got = b""
                        while not got.endswith(last.encode()):
                            got += connection.recv(65536)
                        connection.sendall(reply)
                listener.close()
            thread = threading.Thread(target=serve)
            thread.start()
            done = load(path, "--batch", "3", "--url",
                        "http://127.0.0.1:%d" % listener.getsockname()[1])
            thread.join()
        self.assertEqual(done.stdout, counts(6, 3, 0, 3) + "\n", done.stderr)
        self.assertEqual(done.returncode, 1)
        self.assertIn(path + ": lines 5 to 7 may be stored or not: the outcome "
                      "is unknown; the load ends there", done.stderr)
        self.assertIn("of those refused, 3 may be stored: no answer came",
                      done.stderr)

    def wait_for_batch(self, data):
        """Until its journal is larger than one without facts (4 pages)."""
        path = os.path.join(data, "journal", "data.mdb")
        for _ in range(2000):
            if os.path.exists(path) and os.path.getsize(path) > 4 * 4096:
                return
            time.sleep(0.01)
        self.fail("no batch is stored")

    def test_a_signal_ends_it_behind_the_batch_in_hand(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            data = os.path.join(self.folder.name, number.name)
            process = subprocess.Popen(
                [BINARY, "load", "-", "--format", "csv", "--data", data,
                 "--batch", "2"], stdin=subprocess.PIPE, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdin.write(HEADER + row(1) + row(2) + row(3))
            process.stdin.flush()
            self.wait_for_batch(data)
            process.send_signal(number)
            self.assertEqual(process.wait(20), 1)
            out, err = process.stdout.read(), process.stderr.read()
            for pipe in (process.stdin, process.stdout, process.stderr):
                pipe.close()
            self.assertEqual(out, counts(2, 2, 0, 0) + "\n")
            self.assertEqual(err, "secmaster load: standard input: stopped by "
                             "%s; line 4 and the rest were not sent\n"
                             % number.name)

    def test_a_terminal_is_shown_progress(self):
        path = self.file("f.csv", HEADER + "".join(map(row, range(5000))))
        data = os.path.join(self.folder.name, "data")
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [BINARY, "load", path, "--data", data, "--batch", "10"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        shown = b""
        while select.select([master], [], [], 60)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:
                break
        out, _ = process.communicate()
        os.close(master)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(out.decode(), counts(5000, 5000, 0, 0) + "\n")
        self.assertRegex(
            shown, rb"\r\x1b\[K\[#*-+\] +\d+ %  \d+\.\d of 0\.1 MB  "
            rb"\d+ rows/s  \d+ s left")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-80:])


if __name__ == "__main__":
    unittest.main()
