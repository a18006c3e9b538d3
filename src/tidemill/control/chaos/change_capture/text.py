"""The text of the capturing pipeline, its connector's file, and the project around both."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ruamel.yaml import YAML

from tidemill.control.chaos.reference.text import PASSWORD_FILE, write_password
from tidemill.control.chaos.relay import HOST
from tidemill.control.chaos.servers import ChaosServers

CONNECTOR_FILE = "connector.json"
HEARTBEAT_MS = 1_000
"""How long the slot lags behind at most while nothing is written."""
_COLUMNS = """id BIGINT, grp INT, version BIGINT, amount DECIMAL(12, 2), note STRING, body STRING,
  PRIMARY KEY (id) NOT ENFORCED"""
_SUMS = """grp INT, items BIGINT, versions BIGINT, amount DECIMAL(38, 2), characters BIGINT,
  PRIMARY KEY (grp) NOT ENFORCED"""
_POSTGRES = """'connector' = 'jdbc', 'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}', 'password' = '${secret:postgres.password}',"""
SUMMED = "grp, COUNT(*), SUM(version), SUM(amount), SUM(CHAR_LENGTH(body))"

SQL = """-- A table of Postgres, captured by Debezium: copied by key, and summed up by group.
SET 'table.exec.sink.require-on-conflict' = 'false';

CREATE TABLE items ({columns}) WITH (
  'connector' = 'kafka', 'topic' = '{topic}', 'format' = 'debezium-json',
  'properties.bootstrap.servers' = '${{server:kafka.bootstrap}}',
  'properties.isolation.level' = 'read_committed', 'scan.startup.mode' = 'earliest-offset'
);
CREATE TABLE original ({columns}) WITH ({postgres} 'table-name' = '{items}');
CREATE TABLE copied ({columns}) WITH ({postgres} 'table-name' = '{copied}');
CREATE TABLE sums ({sum_columns}) WITH ({postgres} 'table-name' = '{sums}');
CREATE TABLE cached ({sum_columns}) WITH (
  'connector' = 'redis', 'url' = '${{server:redis.url}}',
  'username' = '${{server:redis.user}}', 'password' = '${{secret:redis.password}}',
  'key' = '{name}:{{grp}}'
);

EXECUTE STATEMENT SET BEGIN
INSERT INTO copied SELECT id, grp, version, amount, note, body FROM items;
INSERT INTO sums SELECT {summed} FROM items GROUP BY grp;
INSERT INTO cached SELECT {summed} FROM items GROUP BY grp;
END;
"""


def items_table(name: str) -> str:
    """The captured table."""
    return f"{name}_items"


def copied_table(name: str) -> str:
    """Its copy."""
    return f"{name}_copied"


def sums_table(name: str) -> str:
    """The sums in Postgres."""
    return f"{name}_sums"


def topic_of(name: str) -> str:
    """Where Debezium writes the changes to."""
    return f"{name}.public.{items_table(name)}"


def letters_topic(name: str) -> str:
    """What could not be read; nothing should."""
    return f"{name}.dead-letter"


def connector_config(name: str) -> dict[str, str]:
    """The connector as docs/guides/cdc.md has it, exactly once."""
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "database.hostname": "${server:postgres.host}",
        "database.port": "${server:postgres.port}",
        "database.user": "${server:postgres.user}",
        "database.password": "${secret:postgres.password}",
        "database.dbname": "${server:postgres.database}",
        "topic.prefix": name,
        "table.include.list": f"public.{items_table(name)}",
        "plugin.name": "pgoutput",
        "slot.name": name,
        "publication.name": name,
        "publication.autocreate.mode": "filtered",
        "decimal.handling.mode": "string",
        "tombstones.on.delete": "false",
        "exactly.once.support": "required",
        "poll.interval.ms": "20",
        "retriable.restart.connector.wait.ms": "1000",
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }


def write_connector(folder: Path, name: str, **changed: str) -> Path:
    """Write the connector's file, with other settings where they are given."""
    path = folder / CONNECTOR_FILE
    config = connector_config(name) | changed
    path.write_text(json.dumps({"name": name, "config": config}, indent=2) + "\n")
    return path


def write_project(folder: Path, name: str, servers: ChaosServers) -> None:
    """Write the project of one trial."""
    folder.mkdir(parents=True)
    write_password(folder, servers)
    text = SQL.format(
        name=name, topic=topic_of(name), items=items_table(name), copied=copied_table(name),
        sums=sums_table(name), columns=_COLUMNS, sum_columns=_SUMS, postgres=_POSTGRES,
        summed=SUMMED,
    )  # fmt: skip
    (folder / f"{name}.sql").write_text(text)
    write_connector(folder, name)
    connections = servers.connections(PASSWORD_FILE)
    for server, url in (
        ("connect", servers.endpoint("connect").properties["url"]),
        ("redis", f"redis://{HOST}:{servers.relays['redis'].port}/0"),
    ):
        found = servers.endpoint(server)
        _private(folder / f"{server}.txt", found.secrets["password"])
        user, password = found.properties["user"], "${file:" + f"{server}.txt" + "}"
        connections[server] = {"url": url, "user": user, "password": password}
    project = {
        "name": "chaos",
        "cdc": {"heartbeat_ms": HEARTBEAT_MS},
        "connections": connections,
        "pipelines": [f"{name}.sql"],
    }
    with (folder / "tidemill.yaml").open("w") as file:
        YAML().dump(project, file)
    servers.admin.create(topic_of(name), partitions=1)
    servers.admin.create(letters_topic(name), partitions=1)


def _private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
