"""Nexmark q0 to q22 (there is no q6) on both engines, from one frozen file: no row differs."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import nexmark_case
import psycopg
import psycopg.sql
import pytest
from bench.nexmark import QUERIES
from corpus import random_crashes

from tidemill.control.parity.embedded import EmbeddedRun
from tidemill.engine import crash_points
from tidemill.interfaces.service import Endpoint
from tidemill.runners.flink import Gateway

FULL = bool(os.environ.get("TIDEMILL_PARITY_FULL"))
"""All on Flink, and here also without crashes, as `make parity` does."""
WRITING = bool(os.environ.get("UPDATE_GOLDENS"))


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nexmark_case.write_events(tmp_path_factory.mktemp("nexmark"))


@pytest.fixture(scope="module")
def side_input(postgres_endpoint: Endpoint) -> str:
    """The table that q13 looks up, in Postgres, as SQL declares it."""
    server, name = postgres_endpoint, f"side_input_{uuid.uuid4().hex[:8]}"
    user, database = server.properties["user"], server.properties["database"]
    with psycopg.connect(
        host=server.host, port=server.ports["sql"], user=user, dbname=database,
        password=server.secrets["password"],
    ) as connection:  # fmt: skip
        table = psycopg.sql.Identifier(name)
        connection.execute(
            psycopg.sql.SQL("CREATE TABLE {} (key BIGINT PRIMARY KEY, value TEXT)").format(table)
        )
        fill = "INSERT INTO {} SELECT i, 'side ' || i FROM generate_series(1000, 1150) AS i"
        connection.execute(psycopg.sql.SQL(fill).format(table))
    return f"""CREATE TABLE side_input (key BIGINT, `value` STRING) WITH (
      'connector' = 'jdbc', 'table-name' = '{name}', 'username' = '{user}',
      'url' = 'jdbc:postgresql://{server.host}:{server.ports["sql"]}/{database}',
      'password' = '{server.secrets["password"]}');
    """


@pytest.fixture
def text(name: str, events: Path, request: pytest.FixtureRequest) -> str:
    declared = request.getfixturevalue("side_input") if name == "q13" else ""
    return nexmark_case.text(name, events, declared)


@pytest.fixture(autouse=True)
def _no_crash_left_behind() -> Iterator[None]:
    yield
    crash_points.install(None)


@pytest.mark.servers
@pytest.mark.parametrize("name", QUERIES if FULL or WRITING else ["q2", "q4", "q7", "q13"])
def test_flink(name: str, text: str, flink: Gateway) -> None:
    found = nexmark_case.digest(nexmark_case.on_flink(name, text, flink))
    if WRITING:
        nexmark_case.write_golden(name, found)
    assert found == nexmark_case.golden()[name]


@pytest.mark.parametrize("name", QUERIES if FULL else ["q4"])
def test_embedded(name: str, text: str, tmp_path: Path) -> None:
    result = nexmark_case.embedded(text, tmp_path)
    assert nexmark_case.digest(result) == nexmark_case.golden()[name]


@pytest.mark.parametrize("name", QUERIES)
def test_embedded_killed_and_resumed(name: str, text: str, tmp_path: Path) -> None:
    how = EmbeddedRun(batch_rows=97, life=random_crashes(int(name[1:])).life)
    result = nexmark_case.embedded(text, tmp_path, how)
    assert nexmark_case.digest(result) == nexmark_case.golden()[name]
