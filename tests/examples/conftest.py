"""A database of its own for each test that needs the trips table."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from tidemill.control.demo.folder import find_example
from tidemill.control.demo.postgres import connect
from tidemill.interfaces.service import Endpoint


@pytest.fixture(scope="session")
def example():
    return find_example("nyc_taxi")


@pytest.fixture
def taxi_database(postgres_endpoint: Endpoint, example) -> Iterator[Endpoint]:
    name = f"taxi_{uuid.uuid4().hex[:12]}"
    with connect(postgres_endpoint, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    properties = {**postgres_endpoint.properties, "database": name}
    endpoint = replace(postgres_endpoint, properties=properties)
    with connect(endpoint) as connection:
        connection.execute((example / "sql" / "create_table.sql").read_bytes())
    yield endpoint
    with connect(postgres_endpoint, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def taxi_connection(taxi_database: Endpoint) -> Iterator[psycopg.Connection]:
    with connect(taxi_database) as connection:
        yield connection
