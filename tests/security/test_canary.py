"""No secret gets where it does not belong: canaries are put in, and looked for everywhere."""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer
from psycopg import sql
from tests.conftest import login_headers

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import ReadFrom, read_records
from tidemill.control.connectors import Connect, delete, register
from tidemill.control.explain import explain
from tidemill.errors import ProjectError
from tidemill.observe import forget_secrets, hide_secret, open_log

pytestmark = pytest.mark.servers


def forms(canary: str) -> list[bytes]:
    """How a secret may be written: plain, as JSON has it, in base 64."""
    plain = canary.encode()
    return [plain, json.dumps(canary)[1:-1].encode(), base64.b64encode(plain).rstrip(b"=")]


def leaks(canary: str, texts: Mapping[str, bytes]) -> list[str]:
    """The names of the texts that hold the secret in any form."""
    wanted = forms(canary)
    return [name for name, text in texts.items() if any(form in text for form in wanted)]


def files(folder: Path, but: Iterable[Path] = ()) -> dict[str, bytes]:
    """Everything that lies in a folder, except where secrets are kept."""
    kept = set(but)
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and path not in kept:
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def processes() -> dict[str, bytes]:
    """The command lines of all processes, as anybody on the machine may read them."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[str(path)] = path.read_bytes()
        except OSError:
            continue
    return found


def topics(bootstrap: str, names: Iterable[str]) -> dict[str, bytes]:
    """All that topics hold, as far as they are there."""
    admin = KafkaAdmin({"bootstrap.servers": bootstrap})
    known = {topic.name for topic in admin.topics()}
    found = {}
    for name in set(names) & known:
        parts = [
            part
            for record in read_records(admin, name, ReadFrom(offset=0))
            for part in (record.key, record.value, *(value for _, value in record.headers))
        ]
        found[f"topic {name}"] = b"\n".join(part for part in parts if part is not None)
    return found


@pytest.fixture
def watched() -> Iterator[dict[str, bytes]]:
    """The command lines that were there at any time during the test."""
    seen: dict[str, bytes] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            seen.update(processes())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield seen
    ended.set()
    thread.join()


def test_no_secret_of_a_pipeline_gets_out(
    kafka_endpoint: Any, postgres_endpoint: Any, unique_name: Callable[[str], str],
    tmp_path: Path, watched: dict[str, bytes], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A password in a file and a token in the environment, through runs that work and that fail."""
    password, token = (secrets.token_urlsafe(18) + '"q\\' for _ in range(2))
    role, topic = unique_name("canary"), unique_name("in")
    bootstrap = kafka_endpoint.properties["bootstrap.servers"]
    (tmp_path / "password").write_text(password)
    (tmp_path / "password").chmod(0o600)
    with _admin(postgres_endpoint) as connection:
        name = sql.Identifier(role)
        made = "CREATE ROLE {} LOGIN PASSWORD {}"
        connection.execute(sql.SQL(made).format(name, sql.Literal(password)))
        connection.execute(sql.SQL("CREATE SCHEMA {0} AUTHORIZATION {0}").format(name))
    _project(tmp_path, role, topic, bootstrap, postgres_endpoint)
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in (b'{"a": 1}', b"no json", b'{"a": 0}'):
        producer.produce(topic, value)
    producer.flush(30)
    env = {**os.environ, "PARTNER_TOKEN": token, "TIDEMILL_DEBUG": "1", "COLUMNS": "200"}
    said: dict[str, bytes] = {}

    def tidemill(*arguments: str, code: int) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tidemill.cli", *arguments], cwd=tmp_path, env=env,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        said[" ".join(arguments)] = done.stdout + done.stderr
        assert done.returncode == code, said

    try:
        tidemill("run", "good", "--until-caught-up", "--json", code=0)
        tidemill("run", "wrong", "--until-caught-up", "--json", code=3)
        tidemill("sql", "-f", "show.sql", "--json", code=0)
        monkeypatch.setenv("PARTNER_TOKEN", token)
        said["explain"] = json.dumps(explain("good", tmp_path).as_dict()).encode()
        with pytest.raises(ProjectError) as refused:
            explain("outside", tmp_path)
        said["outside"] = refused.value.render().encode()
    finally:
        with _admin(postgres_endpoint) as connection:
            for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
                connection.execute(sql.SQL(statement).format(name))  # type: ignore[arg-type]
    assert b'"rows_out": 1' in said["run good --until-caught-up --json"], "it did its work"
    known = [topic, f"{role}.good.dead-letter", "good.dead-letter"]
    places = {
        **said, **files(tmp_path, [tmp_path / "password"]), **topics(bootstrap, known), **watched,
    }  # fmt: skip
    assert any("cmdline" in place for place in places)
    assert any("state" in place or ".tidemill" in place for place in places)
    for canary in (password, token):
        assert leaks(canary, places) == []


def _admin(endpoint: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=endpoint.host, port=endpoint.ports["sql"], user=endpoint.properties["user"],
        password=endpoint.secrets["password"], dbname=endpoint.properties["database"],
        autocommit=True,
    )  # fmt: skip


def _project(folder: Path, role: str, topic: str, bootstrap: str, postgres: Any) -> None:
    place = f"{postgres.host}:{postgres.ports['sql']}/{postgres.properties['database']}"
    (folder / "tidemill.yaml").write_text(
        f"name: {role.replace('_', '-')}\npipelines: [good.sql, wrong.sql, outside.sql]\n"
        f"connections:\n  kafka: {{bootstrap.servers: '{bootstrap}'}}\n"
        "  partner: {url: 'x', token: '${env:PARTNER_TOKEN}'}\n"
    )

    def text(password: str, more: str = "") -> str:
        return (
            f"CREATE TABLE i (a INT) WITH ('connector' = 'kafka', 'topic' = '{topic}',\n"
            f"  'properties.bootstrap.servers' = '{bootstrap}', 'format' = 'json',\n"
            "  'scan.startup.mode' = 'earliest-offset');\n"
            f"CREATE TABLE o (a INT) WITH ('connector' = 'jdbc', 'username' = '{role}',\n"
            f"  'url' = 'jdbc:postgresql://{place}?currentSchema={role}', 'table-name' = 'o',\n"
            f"  'password' = '{password}', 'sink.create-table' = 'true', 'sink.max-retries' = '0');"
            f"\n{more}"
        )

    insert = "INSERT INTO o SELECT 10 / a FROM i;\n"
    (folder / "good.sql").write_text(text("${file:password}", insert))
    (folder / "wrong.sql").write_text(text("${secret:partner.token}", insert))
    (folder / "show.sql").write_text(text("${file:password}", "SHOW CREATE TABLE o;\n"))
    (folder / "outside.sql").write_text(
        text(
            "${file:password}",
            "INSERT INTO o SELECT CHAR_LENGTH('${secret:partner.token}') FROM i;\n",
        )
    )


def test_a_connectors_secret_is_in_none_of_connects_topics(
    stack: Any, connect_endpoint: Any, postgres_endpoint: Any, kafka_endpoint: Any,
    unique_name: Callable[[str], str], tmp_path: Path,
) -> None:  # fmt: skip
    """The project's own worker gets a reference to a file that only its owner may read."""
    name, table = unique_name("canary"), unique_name("t")
    (tmp_path / ".tidemill").symlink_to(stack.state_dir)
    (tmp_path / "tidemill.yaml").write_text("name: canary\n")
    (tmp_path / "connector.json").write_text(
        json.dumps(
            {
                "name": name,
                "config": {
                    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
                    "database.hostname": postgres_endpoint.host,
                    "database.port": str(postgres_endpoint.ports["sql"]),
                    "database.user": postgres_endpoint.properties["user"],
                    "database.password": "${secret:postgres.password}",
                    "database.dbname": postgres_endpoint.properties["database"],
                    "topic.prefix": name, "table.include.list": f"public.{table}",
                    "plugin.name": "pgoutput", "slot.name": name[:60],
                    "publication.name": name[:60], "slot.drop.on.stop": "true",
                    "publication.autocreate.mode": "filtered", "snapshot.mode": "no_data",
                },
            }
        )
    )  # fmt: skip
    canary = postgres_endpoint.secrets["password"]
    url = connect_endpoint.properties["url"]
    kept = Path(stack.state_dir) / "servers" / "connect" / "secrets"
    connect = Connect(tmp_path)
    with _admin(postgres_endpoint) as connection:
        statement = sql.SQL("CREATE TABLE {} (id int PRIMARY KEY)")
        connection.execute(statement.format(sql.Identifier(table)))
        try:
            assert register(connect, tmp_path / "connector.json").running
            (file,) = kept.glob(f"{name}.*")
            assert canary.encode() in file.read_bytes()
            assert file.stat().st_mode & 0o077 == 0
            asked = urllib.request.Request(
                f"{url}/connectors/{name}/config", headers=login_headers(connect_endpoint)
            )
            with urllib.request.urlopen(asked, timeout=30) as answer:
                shown = answer.read()
            assert b"${file:" in shown
            internal = ("tidemill-connect.configs", "tidemill-connect.status")
            places = topics(kafka_endpoint.properties["bootstrap.servers"], internal)
            assert f"topic {internal[0]}" in places
            mine = {key: b"\n".join(line for line in text.split(b"\n") if name.encode() in line)
                    for key, text in places.items()}  # fmt: skip
            assert leaks(canary, {"REST": shown, **mine}) == []
        finally:
            delete(connect, name)
            _drop(connection, name[:60])
    assert not list(kept.glob(f"{name}.*"))


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    for _ in range(50):
        try:
            connection.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                "WHERE slot_name = %s", (name,)
            )  # fmt: skip
            break
        except psycopg.errors.ObjectInUse:
            time.sleep(0.2)
    drop = sql.SQL("DROP PUBLICATION IF EXISTS {}")
    connection.execute(drop.format(sql.Identifier(name)))


def test_the_search_finds_what_has_got_out(
    kafka_endpoint: Any, unique_name: Callable[[str], str], tmp_path: Path
) -> None:
    """Each place in turn is given the secret, in each form."""
    canary = secrets.token_urlsafe(18) + '"q\\'
    bootstrap, topic = kafka_endpoint.properties["bootstrap.servers"], unique_name("leak")
    for at, form in enumerate(forms(canary)):
        (tmp_path / f"state{at}").write_bytes(b"..." + form + b"...")
    assert len(leaks(canary, files(tmp_path))) == 3
    assert leaks(canary, files(tmp_path, tmp_path.iterdir())) == []
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic, b"x", headers=[("h", canary.encode())])
    producer.flush(30)
    assert leaks(canary, topics(bootstrap, [topic])) == [f"topic {topic}"]
    # A process that has just been started has no command line yet: it says when it has one.
    command = [sys.executable, "-c", "print(flush=True); input()", canary]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None and process.stdout.readline()
        assert leaks(canary, processes()) == [f"/proc/{process.pid}/cmdline"]


def test_the_log_hides_what_it_was_told_to_hide_and_nothing_else_does(tmp_path: Path) -> None:
    canary = secrets.token_urlsafe(18) + '"q\\'
    log = open_log(tmp_path, "canary")
    try:
        hide_secret(canary)
        logging.getLogger("tidemill.canary").warning("the password is %s", canary)
        assert leaks(canary, files(tmp_path)) == []
        forget_secrets()
        logging.getLogger("tidemill.canary").warning("the password is %s", canary)
        assert leaks(canary, files(tmp_path)) == ["canary.jsonl"]
    finally:
        log.close()
