"""A server with vendors that are configured, and cannot be reached."""

import json
import os
import socket
import tempfile

from harness import Server, ServerCase

SECRETS = {
    "TEST_POLYGON_KEY": "polygon-key-canary",
    "TEST_BENZINGA_KEY": "benzinga-key-canary",
    "TEST_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw "
                           "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
    "TEST_WEBHOOK_PATH": "path-canary-3uXq0yWbJH",
}


def closed_port():
    """One that nobody listens on: whoever asks is refused at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration():
    base_url = "http://127.0.0.1:%d" % closed_port()
    return {"vendors": [
        {"name": "polygon", "adapter": "massive", "base_url": base_url,
         "key_env": "TEST_POLYGON_KEY", "requests_per_minute": 5,
         "datasets": {"tickers": {}, "open-close": {"universe": "all"}},
         "webhook_secret_env": "TEST_WEBHOOK_SECRET"},
        {"name": "benzinga", "adapter": "benzinga", "base_url": base_url,
         "key_env": "TEST_BENZINGA_KEY", "datasets": {"trades": {}},
         "webhook_path_env": "TEST_WEBHOOK_PATH"}]}


class VendorCase(ServerCase):
    """One server a class, its vendors those of configuration()."""

    @classmethod
    def setUpClass(cls):
        os.environ.update(SECRETS)
        config = tempfile.NamedTemporaryFile("w", suffix=".json")
        cls.addClassCleanup(config.close)
        json.dump(configuration(), config)
        config.flush()
        cls.server = Server("--config", config.name)
        cls.addClassCleanup(cls.server.drop)
        cls.server.start()

    def no_secret_in(self, text, where):
        for name, values in SECRETS.items():
            for value in values.split():
                self.assertNotIn(value, text, "%s in %s" % (name, where))
