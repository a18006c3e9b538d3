"""Addresses that a user names: metadata is refused, no redirect takes a login elsewhere."""

from __future__ import annotations

import http.server
import ipaddress
import threading
from collections.abc import Iterator

import pytest

from tidemill.control.connect_client import ConnectClient
from tidemill.errors import ConnectorError, ProjectError, TidemillError, UserError
from tidemill.formats.schema_registry.client import RegistryLogin, SchemaRegistry
from tidemill.interfaces import addresses
from tidemill.interfaces.addresses import refuse_address
from tidemill.runners.flink.rest import RefusedError, Rest
from tidemill.services.credentials import basic_authorization
from tidemill.stores.options import parse_options
from tidemill.stores.s3_client import make_client


class Target:
    """A server that keeps what it is asked, and sends everybody on to `leads_to`."""

    def __init__(self, leads_to: str = "") -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(f"{self.path} {self.headers.get('Authorization')}")
                self.send_response(302 if leads_to else 200)
                self.send_header("Location", leads_to + self.path)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"[]")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def elsewhere() -> Iterator[Target]:
    made = Target()
    yield made
    made.close()


@pytest.fixture
def leading_on(elsewhere: Target) -> Iterator[Target]:
    made = Target(elsewhere.url)
    yield made
    made.close()


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%eth0", "fd00:ec2::254", "0.0.0.0",
     "224.0.0.1", "100.100.100.200", "::"],
)  # fmt: skip
def test_metadata_and_no_hosts_at_all_are_refused(address: str) -> None:
    with pytest.raises(ProjectError) as caught:
        refuse_address("registry.example", address)
    assert caught.value.code == "project.refused-address"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.7", "192.168.1.2", "fd00::7"])
def test_ones_own_machines_are_not(address: str) -> None:
    refuse_address("registry.example", address)


def test_no_redirect_is_followed_and_no_login_goes_there(
    leading_on: Target, elsewhere: Target
) -> None:
    with pytest.raises(UserError, match="302"):
        ConnectClient(leading_on.url, headers=basic_authorization("p")).names()
    with pytest.raises(ConnectorError):
        SchemaRegistry(RegistryLogin(leading_on.url, "u:p")).subjects()
    with pytest.raises(RefusedError):
        Rest(leading_on.url, "Flink").get("/overview")
    assert len(leading_on.asked) == 3 and "Basic" in leading_on.asked[0]
    assert elsewhere.asked == []


def test_nothing_is_sent_where_a_name_has_led_to_a_refused_address(
    elsewhere: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked once: whom the connection has reached is what is looked at."""
    here = frozenset({ipaddress.ip_address("127.0.0.1")})
    monkeypatch.setattr(addresses, "_METADATA", here)
    for ask in (
        ConnectClient(elsewhere.url).names,
        SchemaRegistry(RegistryLogin(elsewhere.url)).subjects,
        lambda: Rest(elsewhere.url, "Flink").get("/overview"),
    ):
        with pytest.raises(TidemillError) as caught:
            ask()
        assert caught.value.code == "project.refused-address"
    assert elsewhere.asked == []


def test_an_endpoint_of_s3_is_looked_at() -> None:
    with pytest.raises(ProjectError) as caught:
        make_client(parse_options({"s3.endpoint": "http://169.254.169.254/"}), 1)
    assert caught.value.code == "project.refused-address"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://h/1", "ftp://h/x"])
def test_other_schemes_are_refused(url: str) -> None:
    for ask in (
        ConnectClient(url).names, lambda: SchemaRegistry(RegistryLogin(url)),
        lambda: Rest(url, "Flink").get("/"),
    ):  # fmt: skip
        with pytest.raises(TidemillError):
            ask()
