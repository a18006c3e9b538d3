"""A pipeline of its own for each test, on the shared servers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pipeline_flow import Flow, Postgres

from tidemill.interfaces.service import Endpoint


@pytest.fixture
def flow(tmp_path: Path, kafka_endpoint: Endpoint, unique_name: Callable[[str], str]) -> Flow:
    """A pipeline on the shared broker."""
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    return Flow(tmp_path, unique_name("p"), bootstrap)


@pytest.fixture
def postgres(postgres_endpoint: Endpoint, unique_name: Callable[[str], str]) -> Iterator[Postgres]:
    """A table name and a connection on the shared Postgres."""
    endpoint = postgres_endpoint
    with psycopg.connect(
        host=endpoint.host,
        port=endpoint.ports["sql"],
        user=endpoint.properties["user"],
        dbname=endpoint.properties["database"],
        password=endpoint.secrets["password"],
        autocommit=True,
    ) as connection:
        yield Postgres(endpoint, connection, unique_name("t"))
