"""A real store behind a door that turns requests away, as S3 does with `503 Slow Down`."""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.stores.conftest import s3_options

from tidemill.errors import StoreError
from tidemill.stores import open_store
from tidemill.stores.options import parse_options
from tidemill.stores.s3 import S3Store

pytestmark = pytest.mark.servers
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


class Door(ThreadingHTTPServer):
    """Passes requests on, but turns the next `refused` ones away."""

    refused = 0
    daemon_threads = True

    def __init__(self, beyond: str) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.beyond = beyond.removeprefix("http://")
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class _Request(BaseHTTPRequestHandler):
    server: Door
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.refused > 0:
            self.server.refused -= 1
            self._send(503, {}, SLOW_DOWN)
            return
        # The signature is of the host's name too, so it stays as it was.
        onward = http.client.HTTPConnection(self.server.beyond)
        onward.request(self.command, self.path, content, dict(self.headers))
        found = onward.getresponse()
        kept = {k: v for k, v in found.getheaders() if k.lower() not in ("transfer-encoding",)}
        self._send(found.status, kept, found.read())
        onward.close()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - names of its base

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for key, value in headers.items():
            if key.lower() != "content-length":
                self.send_header(key, value)
        length = headers.get("Content-Length", str(len(content)))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing is told."""


@pytest.fixture
def door(stack: Any) -> Iterator[tuple[Door, dict[str, str]]]:
    options = s3_options(stack.endpoint("s3"))
    made = Door(options["s3.endpoint"])
    yield made, {**options, "s3.endpoint": f"http://127.0.0.1:{made.server_port}"}
    made.shutdown()
    made.server_close()


def test_a_busy_store_is_asked_again_and_that_is_said(
    door: tuple[Door, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    busy, options = door
    store = open_store("s3://lake", options)
    key = f"busy-{busy.server_port}"
    with caplog.at_level(logging.WARNING, "tidemill.stores.s3"):
        busy.refused = 1
        store.put(key, b"whole")
        busy.refused = 1
        assert [info.key for info in store.list(key)] == [key]
        busy.refused = 1
        assert store.get(key) == b"whole"
    assert [r.message for r in caplog.records] == ["s3://lake is busy (503); asked again"] * 3
    store.delete(key)
    store.close()


def test_a_store_that_stays_busy_is_an_error_that_another_try_may_mend(
    door: tuple[Door, dict[str, str]],
) -> None:
    busy, options = door
    busy.refused = 1000
    store = S3Store("lake", parse_options(options), attempts=2)
    with pytest.raises(StoreError) as caught:
        store.put("never", b"x")
    store.close()
    assert (caught.value.code, caught.value.retryable) == ("store.unreachable", True)
    assert "Reduce your request rate" in caught.value.message
    assert busy.refused == 1000 - 3  # asked, and asked again twice
