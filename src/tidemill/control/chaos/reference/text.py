"""The built-in pipeline's text, and the project around it."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from psycopg import sql
from ruamel.yaml import YAML

from tidemill.control.chaos.servers import ChaosServers

PARTITIONS = 2
LATENESS_MS = 5_000
WINDOW_MS = 10_000
PASSWORD_FILE = "postgres.txt"  # noqa: S105 - a name

SQL = """-- Keyed events: each into a topic, exactly once; counts per key and window into Postgres.
SET 'table.local-time-zone' = 'UTC';
SET 'table.exec.sink.require-on-conflict' = 'false';

CREATE TABLE events (
  id     BIGINT,
  k      STRING,
  amount BIGINT,
  note   STRING,
  ts     TIMESTAMP(3),
  part   INT METADATA FROM 'partition' VIRTUAL,
  pos    BIGINT METADATA FROM 'offset' VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '{events}',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'properties.group.id' = '{name}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.topic-partition-discovery.interval' = '1 s',
  'scan.topic-recreated' = '{recreated}',
  'format' = 'json'
);

CREATE TABLE copy (
  part INT, pos BIGINT, id BIGINT, k STRING, amount BIGINT, note STRING, ts TIMESTAMP(3)
) WITH (
  'connector' = 'kafka',
  'topic' = '{copy}',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = '{name}'
);

CREATE TABLE windows (
  window_start TIMESTAMP(3),
  k            STRING,
  events       BIGINT,
  ids          BIGINT,
  amount       BIGINT,
  notes        BIGINT,
  PRIMARY KEY (window_start, k) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${{server:postgres.jdbc-url}}',
  'username' = '${{server:postgres.user}}',
  'password' = '${{secret:postgres.password}}',
  'table-name' = '{windows}'
);

EXECUTE STATEMENT SET
BEGIN
  INSERT INTO copy SELECT part, pos, id, k, amount, note, ts FROM events;
  INSERT INTO windows
    SELECT window_start, k, COUNT(*), COUNT(DISTINCT id), SUM(amount), COUNT(note)
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND))
    GROUP BY window_start, window_end, k;
END;
"""


def events_topic(name: str) -> str:
    """The input."""
    return f"{name}.events"


def copy_topic(name: str) -> str:
    """Every row that could be read."""
    return f"{name}.copy"


def letters_topic(name: str) -> str:
    """Every record that could not."""
    return f"{name}.dead-letter"


def windows_table(name: str) -> str:
    """The counts in Postgres."""
    return f"{name}_windows"


def write_project(folder: Path, name: str, servers: ChaosServers) -> None:
    """Write the project of one trial, and make its topics and its table."""
    folder.mkdir(parents=True)
    write_password(folder, servers)
    write_text(folder, name)
    project = {
        "name": "chaos",
        "connections": servers.connections(PASSWORD_FILE),
        "pipelines": [f"{name}.sql"],
    }
    with (folder / "tidemill.yaml").open("w") as file:
        YAML().dump(project, file)
    servers.admin.create(events_topic(name), partitions=PARTITIONS)
    servers.admin.create(copy_topic(name), partitions=1)
    servers.admin.create(letters_topic(name), partitions=1)
    with servers.sql() as connection:
        _make_table(connection, windows_table(name))


def write_text(folder: Path, name: str, recreated: str = "fail") -> None:
    """Write the pipeline's text; `recreated`: what it does where its topic was made again."""
    text = SQL.format(
        name=name, events=events_topic(name), copy=copy_topic(name), windows=windows_table(name),
        recreated=recreated,
    )  # fmt: skip
    (folder / f"{name}.sql").write_text(text)


def write_password(folder: Path, servers: ChaosServers) -> None:
    """The password of Postgres, in a file that only its owner may read."""
    descriptor = os.open(folder / PASSWORD_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(servers.postgres.secrets["password"])


def _make_table(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    connection.execute(
        sql.SQL(
            "CREATE TABLE {} (window_start timestamp(3), k text, events bigint, ids bigint,"
            " amount bigint, notes bigint, PRIMARY KEY (window_start, k))"
        ).format(sql.Identifier(name))
    )
