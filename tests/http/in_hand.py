"""From here on the server is in_hand.c's: the same, with its limits in ours."""

import os
import re
import time

import harness

harness.BINARY = os.environ["SECMASTER_IN_HAND"]


def metric(client, name):
    text = client.get("/metrics").body.decode()
    return int(re.search(r"^secmaster_%s (\d+)$" % name, text, re.M).group(1))


def wait_until(holds, seconds=30):
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def patiently(post, seconds=60):
    """post()'s answer once it is no 503: writes wait for the merger only
    briefly here, and a disk may be slow."""
    until = time.monotonic() + seconds
    answer = post()
    while answer.status == 503 and time.monotonic() < until:
        answer = post()
    return answer
