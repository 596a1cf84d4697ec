"""Answers of the fake vendor and how their bytes go out, or fail to."""

import email.utils
import json
import select
import socket
import struct
import time
import zlib

BLOCK = 1 << 16
PIECE = 1 << 20
SILENCE_S = 3600
REASONS = {200: "OK", 204: "No Content", 301: "Moved Permanently",
           302: "Found", 307: "Temporary Redirect",
           308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           429: "Too Many Requests", 500: "Internal Server Error",
           502: "Bad Gateway", 503: "Service Unavailable"}


class Reply:
    """One answer, whole; a misbehaviour changes it before it is sent."""

    def __init__(self, status=200, doc=None, rows=None):
        self.status, self.doc = status, doc
        self.rows = rows        # the list of rows within doc, if it has one
        self.body = None        # bytes in place of doc
        self.stream = None      # a generator in place of a body
        self.length = None      # of the stream; None: not known before
        self.framing = "length"  # or chunked, or close
        self.headers = {"Content-Type": "application/json"}
        self.date_offset = 0
        self.date = None
        self.how = None         # a wire fault, by its name in SENDERS
        self.options = {}

    def bytes(self):
        if self.body is not None:
            return self.body
        text = json.dumps(self.doc, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")

    def freeze(self):
        """Its body as bytes, for those who change bytes."""
        self.body = self.bytes()
        return self.body


def http_date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


def head_of(reply, length, is_last):
    reason = REASONS.get(reply.status, "Unnamed")
    headers = {"Date": reply.date or http_date(time.time()
                                               + reply.date_offset),
               **reply.headers}
    if reply.framing == "chunked" or length is None:
        if reply.framing != "close":
            headers["Transfer-Encoding"] = "chunked"
    elif reply.framing == "length" and reply.status != 204:
        headers["Content-Length"] = str(length)
    if is_last:
        headers["Connection"] = "close"
    lines = ["HTTP/1.1 %d %s" % (reply.status, reason)]
    lines += ["%s: %s" % pair for pair in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def pieces_of(reply):
    if reply.stream is not None:
        yield from reply.stream
        return
    body = reply.bytes()
    for at in range(0, len(body), BLOCK):
        yield body[at:at + BLOCK]


def framed(reply, pieces, is_chunked):
    for piece in pieces:
        if is_chunked:
            yield b"%x\r\n%s\r\n" % (len(piece), piece)
        else:
            yield piece
    if is_chunked:
        yield b"0\r\n\r\n"


def message(reply, is_last):
    """(head, pieces of the rest)."""
    length = reply.length if reply.stream is not None else len(reply.bytes())
    head = head_of(reply, length, is_last)
    is_chunked = b"Transfer-Encoding: chunked" in head
    return head, framed(reply, pieces_of(reply), is_chunked)


def hang_up(sock, is_rude):
    """Rude: a reset, so that the other side sees an error and not an end."""
    if is_rude:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    sock.close()


def gone(sock, seconds):
    """Wait; true as soon as the other side has hung up."""
    ready, _, _ = select.select([sock], [], [], seconds)
    return bool(ready) and sock.recv(1, socket.MSG_PEEK) == b""


def send_whole(sock, reply, is_last):
    head, rest = message(reply, is_last)
    sock.sendall(head)
    for piece in rest:
        sock.sendall(piece)
    return not is_last and reply.framing != "close"


def send_part(sock, reply, _):
    """Half of the body, or so many bytes of it, then the end or a reset."""
    head, rest = message(reply, True)
    body = b"".join(rest)
    keep = reply.options.get("bytes", len(body) // 2)
    is_rude = reply.how == "reset"
    if not is_rude or keep > 0:
        sock.sendall(head + body[:keep])
    hang_up(sock, is_rude)
    return False


def send_drip(sock, reply, is_last):
    head, rest = message(reply, is_last)
    size = reply.options.get("bytes", 1)
    wait = reply.options.get("every_ms", 200) / 1000
    sock.sendall(head)
    for piece in rest:
        for at in range(0, len(piece), size):
            if gone(sock, wait):
                return False
            sock.sendall(piece[at:at + size])
    return not is_last and reply.framing != "close"


def send_silence(sock, reply, is_last):
    """Nothing, or no more than the head, until the other side has enough."""
    if reply.options.get("after_head"):
        sock.sendall(message(reply, is_last)[0])
    gone(sock, SILENCE_S)
    return False


def send_raw(sock, reply, _):
    sock.sendall(reply.options["text"].encode())
    for _ in range(reply.options.get("times", 0)):
        sock.sendall(reply.options["again"].encode())
    return False


SENDERS = {None: send_whole, "cut": send_part, "reset": send_part,
           "drip": send_drip, "silence": send_silence, "raw": send_raw}


def send(sock, reply, is_last):
    """True: the connection is good for another request."""
    return SENDERS[reply.how](sock, reply, is_last)


def huge(size):
    """(length, pieces) of a good document of that many bytes."""
    begin, end = b'{"status":"OK","results":[', b"]}"

    def pieces():
        yield begin
        left, blank = size - len(begin) - len(end), b" " * PIECE
        while left > 0:
            yield blank[:min(left, PIECE)]
            left -= PIECE
        yield end
    return size, pieces()


def bomb(size):
    """Pieces of one gzip member that unpacks to such a document."""
    flat = zlib.compressobj(9, zlib.DEFLATED, -15)
    blank = b" " * PIECE
    packed = flat.compress(blank) + flat.flush(zlib.Z_FULL_FLUSH)
    yield b"\x1f\x8b\x08\0\0\0\0\0\2\xff"
    check, sent = 0, 0
    for piece in huge(size)[1]:
        check, sent = zlib.crc32(piece, check), sent + len(piece)
        if len(piece) == PIECE:
            yield packed  # a full flush forgets what was before
            continue
        flat = zlib.compressobj(9, zlib.DEFLATED, -15)
        yield flat.compress(piece) + flat.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    yield last.flush() + struct.pack("<II", check, sent & 0xffffffff)
