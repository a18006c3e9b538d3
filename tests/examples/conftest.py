"""A database of its own for each test that needs the trips table; notebooks run as by Jupyter."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

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


@pytest.fixture
def notebook_outputs() -> Callable[[Path], list[str]]:
    """Run a notebook; the richest form of each output: `chart`, `table` or `text`."""

    def run(file: Path) -> list[str]:
        command = [sys.executable, "-m", "jupyter", "execute", "--inplace", "--timeout=120"]
        environment = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1"}
        done = subprocess.run(
            [*command, file.name], cwd=file.parent, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-4000:]
        cells = json.loads(file.read_text())["cells"]
        found = [o.get("data", {}) for cell in cells for o in cell.get("outputs", [])]
        forms = {"image/png": "chart", "text/html": "table"}
        return [next((forms[kind] for kind in forms if kind in data), "text") for data in found]

    return run
