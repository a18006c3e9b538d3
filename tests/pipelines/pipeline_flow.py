"""One pipeline under test: its file, its topics, its runs, its dead letters, its row accounting."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import Producer
from psycopg import sql

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import ReadFrom, Record, read_records
from tidemill.control.run import Until, run
from tidemill.engine import Engine, Progress
from tidemill.errors import ConnectorError
from tidemill.interfaces.service import Endpoint

Message = bytes | str | None | tuple[bytes | str | None, bytes | str | None]
"""A value, or a key and a value."""

CLI = (sys.executable, "-m", "tidemill.cli")


@dataclass
class Flow:
    """A pipeline file in a folder of its own, on one broker."""

    folder: Path
    name: str
    bootstrap: str

    # -- topics

    @property
    def admin(self) -> KafkaAdmin:
        return KafkaAdmin({"bootstrap.servers": self.bootstrap})

    def topic(self, stem: str, *messages: Message, partitions: int = 1, **settings: str) -> str:
        """A new topic with these messages in partition 0."""
        name = f"{self.name}-{stem}"
        renamed = {key.replace("_", "."): value for key, value in settings.items()}
        self.admin.create(name, partitions=partitions, settings=renamed)
        self.send(name, messages)
        return name

    def send(self, topic: str, messages: Iterable[Message], partition: int = 0) -> None:
        """Append to a topic of the test."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "message.max.bytes": 20_000_000, "linger.ms": 5}
        )
        for message in messages:
            key, value = message if isinstance(message, tuple) else (None, message)
            producer.produce(topic, value, key, partition)
        assert producer.flush(30) == 0

    def records(self, topic: str) -> list[Record]:
        """What a read_committed reader sees."""
        return list(read_records(self.admin, topic, ReadFrom(offset=0)))

    def rows(self, topic: str) -> list[Any]:
        """The JSON values of a topic."""
        return [json.loads(r.value) for r in self.records(topic) if r.value is not None]

    def count(self, topic: str) -> int:
        """How many records a reader sees; none while the topic or the broker is on its way up."""
        try:
            return len(self.records(topic))
        except ConnectorError:
            return 0

    def letters(self) -> list[dict[str, Any]]:
        """The dead letters, with their bytes as bytes."""
        return [_letter(row) for row in self.rows(f"{self.name}.dead-letter")]

    def file_letters(self) -> list[dict[str, Any]]:
        """The dead letters of a pipeline without Kafka."""
        parts = (self.state / "dead-letter").glob("[!._]*")
        lines = [line for part in parts if part.is_file() for line in part.read_text().splitlines()]
        return [_letter(json.loads(line)) for line in lines]

    # -- the pipeline file

    def kafka(self, table: str, columns: str, topic: str, **options: str) -> str:
        """CREATE TABLE over a topic, read from its begin; `_` in an option stands for `-`."""
        given = {
            "connector": "kafka",
            "topic": topic,
            "properties.bootstrap.servers": self.bootstrap,
            "format": "json",
            "scan.startup.mode": "earliest-offset",
        } | {key.replace("__", ".").replace("_", "-"): value for key, value in options.items()}
        return _create(table, columns, {key: v for key, v in given.items() if v})

    def write(self, *texts: str) -> Path:
        """Write the pipeline file."""
        path = self.folder / f"{self.name}.sql"
        path.write_text("\n".join(texts))
        return path

    # -- runs

    def run(self, *texts: str, until: Until = "caught-up", row_per_record: bool = True) -> Progress:
        """Run the pipeline in this process, and check its row accounting."""
        path = self.write(*texts) if texts else self.folder / f"{self.name}.sql"
        progress = run(str(path), until=until).progress
        check_accounting(progress.counters, row_per_record=row_per_record)
        return progress

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, **more: Any
    ) -> subprocess.Popen[str]:
        """`tidemill run` of the pipeline as a process."""
        return subprocess.Popen(
            [*CLI, "run", f"{self.name}.sql", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "100", **(env or {})},
            **more,
        )

    def watched(self, act: Callable[[Engine], None], *, row_per_record: bool = True) -> Progress:
        """Run forever, and stop when `act`, in another thread, is done."""
        failures: list[BaseException] = []

        def started(engine: Engine) -> None:
            def body() -> None:
                try:
                    act(engine)
                except BaseException as error:
                    failures.append(error)
                finally:
                    engine.stop()

            threading.Thread(target=body, daemon=True).start()

        progress = run(str(self.folder / f"{self.name}.sql"), started=started).progress
        if failures:
            raise failures[0]
        check_accounting(progress.counters, row_per_record=row_per_record)
        return progress

    @property
    def state(self) -> Path:
        """The pipeline's state folder."""
        return self.folder / ".tidemill" / "pipelines" / self.name


@dataclass
class Postgres:
    """The shared Postgres, and a table name of the test's own."""

    endpoint: Endpoint
    connection: psycopg.Connection[Any]
    table: str

    def create(self, columns: str) -> str:
        """Make the table."""
        statement = sql.SQL("CREATE TABLE {} ({})")  # the columns are the test's own text
        self.connection.execute(
            statement.format(sql.Identifier(self.table), sql.SQL(columns))  # type: ignore[arg-type]
        )
        return self.table

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows, in order."""
        statement = sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(self.table))
        return self.connection.execute(statement).fetchall()

    def jdbc(self, table: str, columns: str, **options: str) -> str:
        """CREATE TABLE over the table."""
        endpoint = self.endpoint
        where = f"{endpoint.host}:{endpoint.ports['sql']}/{endpoint.properties['database']}"
        given = {
            "connector": "jdbc",
            "url": f"jdbc:postgresql://{where}",
            "table-name": self.table,
            "username": endpoint.properties["user"],
            "password": endpoint.secrets["password"],
        } | {key.replace("_", "-"): value for key, value in options.items()}
        return _create(table, columns, given)


def _create(table: str, columns: str, options: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
    return f"CREATE TABLE {table} ({columns}) WITH ({pairs});"


def _letter(row: dict[str, Any]) -> dict[str, Any]:
    raw = {k: base64.b64decode(row[k]) if row[k] is not None else None for k in ("key", "value")}
    return row | raw


def check_accounting(counters: Mapping[str, int], *, row_per_record: bool = True) -> None:
    """Records in = emitted + filtered + late + dead letter + skipped + in state, at each step.

    With `row_per_record` False (changes, arrays) a record may give several rows.
    """

    def count(*parts: str) -> int:
        return counters.get(".".join(parts), 0)

    nodes = {key.removesuffix(".in") for key in counters if key.endswith(".in")}
    for node in nodes:
        left = sum(count(node, way) for way in ("out", "filtered", "late", "dead"))
        assert count(node, "in") + count(node, "expanded") == left, (node, counters)
    outputs = {node for node in nodes if node.startswith("w")}
    taken = sum(n for key, n in counters.items() if _of_sink(key, ".out") or _of_sink(key, ".dead"))
    assert taken == sum(count(node, "out") for node in outputs), counters
    (source,) = {key.removesuffix(".records") for key in counters if key.endswith(".records")}
    if row_per_record:
        rows = count(source, "records") - count(source, "skipped") - count(source, "dead")
        for node in nodes - outputs or outputs:
            assert count(node, "in") == rows, (node, counters)


def _of_sink(key: str, suffix: str) -> bool:
    return key.startswith("sink.") and key.endswith(suffix) and "$dead-letter" not in key


def wait_for(what: Callable[[], bool], timeout_s: float = 30) -> None:
    """Wait until it holds."""
    limit = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.05)


def ended(process: subprocess.Popen[str], timeout_s: float = 30) -> tuple[int, str, str]:
    """Wait for a process; its exit code, stdout and stderr."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it did not end: {out}{err}") from None
    return process.returncode, out, err


def jsons(values: Sequence[Mapping[str, Any]]) -> list[str]:
    """JSON messages."""
    return [json.dumps(value) for value in values]


def kill(process: subprocess.Popen[str]) -> None:
    """`kill -9`."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
