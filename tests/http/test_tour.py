"""docs/tour.md tells the truth: its calls are run, its answers compared."""

import difflib
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import harness

TOUR = pathlib.Path(__file__).parents[2] / "docs" / "tour.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```output\n(.*?)^```\n)?",
                   re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(?=\S)", re.MULTILINE)
ADDRESS = "localhost:8080"
DONE = "the block ended with"
SHELL_S = 120

# What no two runs share. Each distinct text gets a name in order of appearance,
# so a moment or a tag that comes twice must be the same one both times.
UNREPEATABLE = (
    ("moment", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")),
    ("tag", re.compile(r'(?<=^ETag: ")[^"]+', re.MULTILINE)),
    ("request", re.compile(r'(?:(?<=^X-Request-Id: )|(?<="request_id":"))'
                           r'[^"\s]+', re.MULTILINE)),
    ("date", re.compile(r"(?<=^Date: ).+", re.MULTILINE)),
)


def normal(texts):
    """The texts of one run, its unrepeatable parts named."""
    names = {}

    def named(kind):
        def name(found):
            key = kind, found.group()
            rank = sum(1 for known, _ in names if known == kind) + 1
            return names.setdefault(key, "<%s %d>" % (kind, rank))
        return name

    for kind, shape in UNREPEATABLE:
        texts = [shape.sub(named(kind), text) for text in texts]
    return texts


def blocks_of(text):
    """(line, script, output) of each block; every fence must be in one."""
    found = [(text.count("\n", 0, m.start()) + 1, m.group(1), m.group(2) or "")
             for m in BLOCK.finditer(text)]
    fences = sum(2 if output else 1 for _, _, output in found)
    if not found or fences != len(FENCE.findall(text)):
        raise AssertionError("a fence that is neither a call's nor its answer")
    return found


def run(scripts, port):
    """What each script prints, all in one shell on an empty directory."""
    here = "localhost:%d" % port
    whole = "".join('%s\nprintf "\\n%s %%d\\n" $?\n'
                    % (script.replace(ADDRESS, here), DONE)
                    for script in scripts)
    with tempfile.TemporaryDirectory(prefix="secmaster-tour-") as place:
        shell = subprocess.run(
            ["sh", "-c", whole], cwd=place, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SHELL_S,
            env={"PATH": os.environ["PATH"], "HOME": place, "no_proxy": "*",
                 "TMPDIR": place, "LC_ALL": "C.UTF-8"})
    text = shell.stdout.decode("utf-8").replace("\r\n", "\n")
    parts = re.split(r"\n%s (\d+)\n" % DONE, text.replace(here, ADDRESS))
    if parts.pop() or len(parts) != 2 * len(scripts):
        raise AssertionError("the shell did not come to its end:\n" + text)
    if set(parts[1::2]) != {"0"}:
        raise AssertionError("a block failed:\n" + text)
    return [part and part.rstrip("\n") + "\n" for part in parts[::2]]


def lies(blocks, printed):
    """A difference for each block that prints something else by now."""
    told = normal([output for _, _, output in blocks])
    found = []
    for (line, script, _), old, new in zip(blocks, told, normal(printed)):
        if old != new:
            found.append("docs/tour.md:%d\n%s%s" % (line, script, "".join(
                difflib.unified_diff(old.splitlines(True),
                                     new.splitlines(True), "told", "true"))))
    return found


def rewritten(text, printed):
    """The tour with the answers of one run, so that they agree."""
    answers = iter(printed)

    def block(found):
        output = next(answers)
        told = "\n```output\n%s```\n" % output if output else ""
        return "```sh\n%s```\n%s" % (found.group(1), told)

    return BLOCK.sub(block, text)


class Tour(harness.ServerCase):
    def test_every_answer_is_what_the_server_says(self):
        text = TOUR.read_text(encoding="utf-8")
        blocks = blocks_of(text)
        printed = run([script for _, script, _ in blocks], self.server.port)
        found = lies(blocks, printed)
        if found and os.environ.get("GOLDEN_UPDATE"):
            TOUR.write_text(rewritten(text, printed), encoding="utf-8")
            return
        self.assertFalse(found, "\n".join(found))


class Comparison(unittest.TestCase):
    """A tour that nobody compares would not be noticed."""

    MOMENTS = ["2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000002Z",
               "2027-07-07T07:07:07.000001Z", "2027-07-07T07:07:07.000002Z"]
    A, B, C, D = MOMENTS
    CASES = (
        ("the same", ["x\n", "y\n"], ["x\n", "y\n"], 0),
        ("another value", ["x\n", "y\n"], ["x\n", "z\n"], 1),
        ("nothing printed", ["x\n"], [""], 1),
        ("an answer not told", [""], ["x\n"], 1),
        ("other moments", [A, A + B], [C, C + D], 0),
        ("a moment that moved", [A, A], [C, D], 1),
        ("a moment that stayed", [A, B], [C, C], 1),
        ("a day", ["2024-01-02"], ["2024-01-03"], 1),
        ("other tags", ['ETag: "a"', 'ETag: "a"'],
         ['ETag: "b"', 'ETag: "b"'], 0),
        ("a tag that changed", ['ETag: "a"', 'ETag: "a"'],
         ['ETag: "a"', 'ETag: "b"'], 1),
        ("a header's value", ["Secmaster-Tx: 1"], ["Secmaster-Tx: 2"], 1),
        ("a request's own", ["X-Request-Id: a-1\nDate: x\n"],
         ["X-Request-Id: b-1\nDate: y\n"], 0),
        ("a problem's own", ['{"status":404,"request_id":"a-1"}'],
         ['{"status":404,"request_id":"b-2"}'], 0),
        ("another problem", ['{"status":404,"request_id":"a-1"}'],
         ['{"status":400,"request_id":"a-1"}'], 1),
    )

    def test_it_finds_what_is_not_so_any_more(self):
        for name, told, true, want in self.CASES:
            with self.subTest(name):
                found = lies([(1, "", text) for text in told], true)
                self.assertEqual(len(found), want, found)

    def test_it_reads_what_it_writes(self):
        text = "a\n\n```sh\nx\n```\n\nb\n\n```sh\ny\n```\n\n```output\n1\n```\n"
        told = rewritten(text, ["0\n", "2\n"])
        self.assertEqual(blocks_of(told),
                         [(3, "x\n", "0\n"), (13, "y\n", "2\n")])
        self.assertEqual(rewritten(told, ["", "1\n"]), text)

    def test_it_refuses_a_fence_that_it_would_not_run(self):
        for fence in ("```sh", "```output", "```json"):
            with self.subTest(fence), self.assertRaises(AssertionError):
                blocks_of("```sh\nx\n```\n\n%s\ny\n" % fence)


if __name__ == "__main__":
    unittest.main()
