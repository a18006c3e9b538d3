"""Postgres, Redis and S3 over TLS: real servers behind an end of TLS of the tests' own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tidemill.connectors import CONNECTORS
from tidemill.connectors.redis.connection import RedisConnection
from tidemill.connectors.redis.options import parse as parse_redis
from tidemill.errors import ConnectorError, ProjectError, StoreError
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT, STRING
from tidemill.stores.options import S3Options
from tidemill.stores.s3 import S3Store
from tidemill.testing import drain

pytestmark = pytest.mark.servers
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
JOB = JobContext("tls", FORMATS)


class TlsEnd:
    """Takes TLS connections, those that Postgres's clients ask for too, and hands on what comes."""

    def __init__(self, folder: Path, authority: Any, backend: tuple[str, int], host: str) -> None:
        certificate, key = authority.issue("server", host)
        pem = folder / f"{host}.pem"
        pem.write_text(certificate + key)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._backend = backend
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if client.recv(8, socket.MSG_PEEK) == _SSL_REQUEST:
                client.recv(8)
                client.sendall(b"S")
            with (
                self._context.wrap_socket(client, server_side=True) as inside,
                socket.create_connection(self._backend) as server,
            ):
                back = threading.Thread(target=_copy, args=(server, inside), daemon=True)
                back.start()
                _copy(inside, server)
                back.join(5)

    def close(self) -> None:
        self._server.close()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := one.recv(65536):
            other.sendall(content)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def behind(tmp_path: Path, authority: Any) -> Iterator[Callable[..., int]]:
    """The port of an end of TLS before a backend, with a certificate for `host`."""
    ends: list[TlsEnd] = []

    def make(host: str, port: int, name: str = "localhost") -> int:
        ends.append(TlsEnd(tmp_path, authority, (host, port), name))
        return ends[-1].port

    yield make
    for end in ends:
        end.close()


def test_postgres_checks_the_authority_and_the_hosts_name(
    postgres_endpoint: Any, behind: Callable[..., int], authority: Any, tmp_path: Path,
    unique_name: Callable[[str], str],
) -> None:  # fmt: skip
    backend = (postgres_endpoint.host, postgres_endpoint.ports["sql"])
    (tmp_path / "ca.pem").write_text(authority.certificate)
    (tmp_path / "other.pem").write_text(type(authority)("else").certificate)

    def table(port: int, ca: str) -> TableDescriptor:
        database = postgres_endpoint.properties["database"]
        url = f"jdbc:postgresql://localhost:{port}/{database}?sslmode=verify-full"
        options = {
            "connector": "jdbc", "url": f"{url}&sslrootcert={tmp_path / ca}",
            "table-name": name, "username": postgres_endpoint.properties["user"],
            "password": postgres_endpoint.secrets["password"], "sink.create-table": "true",
            "sink.max-retries": "0",
        }  # fmt: skip
        return TableDescriptor("t", Schema((Column("a", INT),)), options, ("a",))

    name = unique_name("tls")
    good = table(behind(*backend), "ca.pem")
    group = CONNECTORS["jdbc"].commit_group([good], JobContext(name, FORMATS))  # type: ignore[misc]
    try:
        group.open()
        rows = pa.RecordBatch.from_pylist([{"a": 1}], schema=good.schema.arrow())
        group.writer("t").write(Batch(rows))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    source = CONNECTORS["jdbc"].source(good, JOB)  # type: ignore[misc]
    assert [row["a"] for row in drain(source, {}, 10).rows] == [1]
    for wrong in (table(behind(*backend), "other.pem"), table(behind(*backend, "else"), "ca.pem")):
        with pytest.raises(ConnectorError, match="cannot be reached") as refused:
            source = CONNECTORS["jdbc"].source(wrong, JOB)  # type: ignore[misc]
            source.open({})
        assert "certificate" in str(refused.value.detail)


def test_redis_checks_the_authority_and_the_hosts_name(
    redis_endpoint: Any, behind: Callable[..., int], authority: Any
) -> None:
    backend = (redis_endpoint.host, next(iter(redis_endpoint.ports.values())))
    schema = Schema((Column("id", STRING), Column("v", STRING)))

    def connection(port: int, ca: str) -> RedisConnection:
        options = {
            "connector": "redis", "url": f"rediss://localhost:{port}/0", "key": "k:{id}",
            "username": redis_endpoint.properties["user"],
            "password": redis_endpoint.secrets["password"],
            "ssl.ca.pem": ca,
        }  # fmt: skip
        return RedisConnection(parse_redis(TableDescriptor("t", schema, options), JOB))

    good = connection(behind(*backend), authority.certificate)
    good.connect(0)
    assert good.ask("PING") == b"PONG"
    good.close()
    strange = type(authority)("else").certificate
    for wrong in (
        connection(behind(*backend), strange),
        connection(behind(*backend, "else"), authority.certificate),
    ):
        with pytest.raises(ConnectorError) as refused:
            wrong.connect(0)
        assert "certificate" in str(refused.value.detail).lower()
    with pytest.raises(ProjectError, match="rediss"):
        options = {"connector": "redis", "url": "redis://h/0", "key": "k:{id}", "ssl.ca.pem": "x"}
        parse_redis(TableDescriptor("t", schema, options), JOB)


def test_s3_checks_the_authority_and_the_hosts_name(
    stack: Any, behind: Callable[..., int], authority: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, unique_name: Callable[[str], str],
) -> None:  # fmt: skip
    s3 = stack.endpoint("s3")
    backend = (s3.host, next(iter(s3.ports.values())))
    (tmp_path / "ca.pem").write_text(authority.certificate)

    def store(port: int) -> Any:
        reach = S3Options(
            f"https://localhost:{port}", "us-east-1", True, s3.properties["access-key"],
            s3.secrets["secret-key"],
        )  # fmt: skip
        return S3Store(s3.properties["bucket"], reach, attempts=1)

    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    good, key = store(behind(*backend)), unique_name("tls")
    good.put(key, b"content")
    assert good.get(key) == b"content"
    with pytest.raises(StoreError):
        store(behind(*backend, "else")).get(key)
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(StoreError):
        store(behind(*backend)).get(key)
