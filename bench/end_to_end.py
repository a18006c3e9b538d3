"""From Postgres to the sink, through Debezium and Kafka or directly: rows/s, the time in each part.

    python -m bench.end_to_end [--rows 1000000] [--through debezium,direct] [--ways copy,insert]
                               [--sinks kafka,postgres]

Starts Postgres, Kafka and, for Debezium, Connect with Tidemill's defaults, captures a table, and
runs a pipeline that hands each change on, exactly once; `direct` is the connector `postgres-cdc`,
which reads Postgres's log itself. Then rows are written, by one COPY or by INSERTs of 1,000
rows that commit one by one, and the clock is read when the last one is committed, when the last
change is in Debezium's topic, and when the last row can be read in the sink. CPU is that of each
server and of the engine meanwhile. The sink must hold every row once, with the right sum, or there
is no figure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import psutil
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.engines.process import ProcessRun, end_on_sigterm
from bench.servers import Servers, reached
from bench.topic import read_output

TOPIC, SINK_TOPIC = "shop.public.orders", "copied"
INSERT_ROWS = 1_000
LIMIT_S = 900.0
_COMMAND = (sys.executable, "-m", "tidemill.cli")
_SERVERS = {
    "debezium": ("postgres", "connect", "kafka"),
    "direct": ("postgres", "kafka"),
}

CONNECTOR = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "tasks.max": "1",
    "database.hostname": "${server:postgres.host}",
    "database.port": "${server:postgres.port}",
    "database.user": "${server:postgres.user}",
    "database.password": "${secret:postgres.password}",
    "database.dbname": "${server:postgres.database}",
    "topic.prefix": "shop",
    "table.include.list": "public.orders",
    "plugin.name": "pgoutput",
    "publication.autocreate.mode": "filtered",
    "replica.identity.autoset.values": "public.orders:FULL",
    "time.precision.mode": "connect",
    "decimal.handling.mode": "string",
    "tombstones.on.delete": "false",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "key.converter.schemas.enable": "false",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "false",
    "max.batch.size": "20000",
    "max.queue.size": "80000",
    "poll.interval.ms": "20",
    "producer.override.compression.type": "lz4",
    "producer.override.linger.ms": "5",
    "producer.override.batch.size": "262144",
}
_COLUMNS = """(
  order_id BIGINT, customer_id BIGINT, amount BIGINT, note STRING,
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
"""
_SOURCES = {
    "debezium": """
  'connector' = 'kafka', 'topic' = 'shop.public.orders', 'format' = 'debezium-json',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'scan.startup.mode' = 'earliest-offset'
""",
    "direct": """
  'connector' = 'postgres-cdc', 'slot.name' = 'orders', 'decoding.plugin.name' = 'pgoutput',
  'hostname' = '${server:postgres.host}', 'port' = '${server:postgres.port}',
  'username' = '${server:postgres.user}', 'password' = '${secret:postgres.password}',
  'database-name' = '${server:postgres.database}', 'schema-name' = 'public',
  'table-name' = 'orders'
""",
}
_SINKS = {
    "kafka": """
  'connector' = 'upsert-kafka', 'topic' = 'copied',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'key.format' = 'json', 'value.format' = 'json'
""",
    "postgres": """
  'connector' = 'jdbc', 'url' = '${server:postgres.jdbc-url}', 'table-name' = 'copied',
  'username' = '${server:postgres.user}', 'password' = '${secret:postgres.password}',
  'sink.create-table' = 'true'
""",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds from the begin of the writing to the last row in each place; CPU of each part."""

    through: str
    way: str
    sink: str
    rows: int
    written_s: float
    captured_s: float | None
    arrived_s: float
    cpu_s: dict[str, float]


def main() -> int:
    """Measure and print; a run of each way and sink in turns."""
    asked = _arguments()
    end_on_sigterm()
    samples = []
    for _ in range(asked.runs):
        for sink in asked.sinks.split(","):
            for way in asked.ways.split(","):
                for through in asked.through.split(","):
                    samples.append(_measured(through, way, sink, asked.rows))
                    print(_line([samples[-1]]), file=sys.stderr, flush=True)
    print(_table(samples))
    if asked.output:
        asked.output.mkdir(parents=True, exist_ok=True)
        (asked.output / "end_to_end.md").write_text(_table(samples) + "\n", encoding="utf-8")
        body = json.dumps([asdict(sample) for sample in samples], indent=2)
        (asked.output / "end_to_end.json").write_text(body, encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.end_to_end")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--through", default="debezium,direct")
    parser.add_argument("--ways", default="copy,insert")
    parser.add_argument("--sinks", default="kafka,postgres")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--output", type=Path, help="folder for end_to_end.md and .json")
    return parser.parse_args()


def _measured(through: str, way: str, sink: str, rows: int) -> Sample:
    """One run in a project of its own."""
    root = Path(tempfile.mkdtemp(prefix="tidemill-end-to-end-"))
    _write_project(root, through, sink)
    try:
        subprocess.run([*_COMMAND, "up"], cwd=root, check=True, stdout=-3)
        servers = reached(root / ".tidemill")
        with servers.connect() as connection:
            connection.execute(
                "CREATE TABLE orders (order_id BIGINT PRIMARY KEY, customer_id BIGINT NOT NULL,"
                " amount BIGINT NOT NULL, note TEXT NOT NULL)"
            )
            connection.execute("ALTER TABLE orders REPLICA IDENTITY FULL")
        if through == "debezium":
            register = [*_COMMAND, "connector", "register", "orders.json"]
            subprocess.run(register, cwd=root, check=True, stdout=-3)
        engine = ProcessRun("Tidemill", [*_COMMAND, "run", "copy", "--json"], root)
        try:
            return _run(root, servers, engine, (through, way, sink), rows)
        finally:
            engine.end()
    finally:
        subprocess.run([*_COMMAND, "down"], cwd=root, check=False, stdout=-3)
        shutil.rmtree(root, ignore_errors=True)


def _write_project(root: Path, through: str, sink: str) -> None:
    servers = "".join(f"  {name}:\n" for name in _SERVERS[through])
    (root / "tidemill.yaml").write_text(
        f"name: end_to_end\nservers:\n{servers}pipelines: [copy.sql]\n", encoding="utf-8"
    )
    connector = {"name": "orders", "config": CONNECTOR}
    (root / "orders.json").write_text(json.dumps(connector), encoding="utf-8")
    insert = "INSERT INTO copied SELECT order_id, customer_id, amount, note FROM orders;\n"
    tables = (("orders", _SOURCES[through]), ("copied", _SINKS[sink]))
    declared = "".join(f"CREATE TABLE {name} {_COLUMNS}{options});\n" for name, options in tables)
    (root / "copy.sql").write_text(declared + insert, encoding="utf-8")


def _run(
    root: Path, servers: Servers, engine: ProcessRun, kind: tuple[str, str, str], rows: int
) -> Sample:
    """Let one row through, so that all parts are warm; then the rows that count."""
    through, way, sink = kind
    asked = {"arrived": _counted(servers, SINK_TOPIC) if sink == "kafka" else _in_sink(servers)}
    if through == "debezium":
        asked["captured"] = _held(servers, TOPIC)
    _write(servers, "insert", 0, 1)
    _wait(engine, {name: partial(place, 1) for name, place in asked.items()})
    pids = _pids(root, engine, through)
    before = _cpu(pids)
    began_s = time.perf_counter()
    written: list[float] = []

    def write() -> None:
        _write(servers, way, 1, rows + 1)
        written.append(time.perf_counter() - began_s)

    writer = threading.Thread(target=write)
    writer.start()
    places = {name: partial(place, rows + 1) for name, place in asked.items()}
    reached_s = {name: at_s - began_s for name, at_s in _wait(engine, places).items()}
    writer.join()
    after = _cpu(pids)
    _check(servers, sink, rows)
    cpu_s = {name: after[name] - before[name] for name in before}
    captured_s, arrived_s = reached_s.get("captured"), reached_s["arrived"]
    return Sample(through, way, sink, rows, written[0], captured_s, arrived_s, cpu_s)


def _write(servers: Servers, way: str, low: int, high: int) -> None:
    def lines(start: int, end: int) -> str:
        return "".join(
            f"{i}\t{i % 10_000}\t{i % 997}\tnote of order {i}\n" for i in range(start, end)
        )

    columns = "(order_id, customer_id, amount, note)"
    with servers.connect() as connection, connection.cursor() as cursor:
        if way == "copy":
            with cursor.copy(f"COPY orders {columns} FROM STDIN") as copy:
                for start in range(low, high, 10_000):
                    copy.write(lines(start, min(start + 10_000, high)))
            return
        for start in range(low, high, INSERT_ROWS):
            cursor.execute(
                f"INSERT INTO orders {columns}"
                " SELECT i, i %% 10000, i %% 997, 'note of order ' || i"
                " FROM generate_series(%s::bigint, %s::bigint) AS i",
                (start, min(start + INSERT_ROWS, high) - 1),
            )


def _counted(servers: Servers, topic: str) -> Callable[[int], bool]:
    """Whether so many committed records can be read from a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers.bootstrap,
            "group.id": f"end-to-end-{topic}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 5,
            "topic.metadata.refresh.interval.ms": 200,
            "log_level": 0,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    seen = 0

    def arrived(rows: int) -> bool:
        nonlocal seen
        messages = consumer.consume(50_000, timeout=0.005)
        seen += sum(1 for message in messages if message.error() is None)
        return seen >= rows

    return arrived


def _held(servers: Servers, topic: str) -> Callable[[int], bool]:
    """Whether a topic holds so many records; asked of the broker, as reading them would cost."""
    consumer = Consumer(
        {"bootstrap.servers": servers.bootstrap, "group.id": "end-to-end-held", "log_level": 0}
    )

    def held(rows: int) -> bool:
        try:
            _, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=5)
        except KafkaException:
            return False  # Debezium makes the topic with its first record.
        return bool(high >= rows)

    return held


def _in_sink(servers: Servers) -> Callable[[int], bool]:
    """Whether the last of so many rows is there; they come in order."""
    connection = servers.connect()

    def arrived(rows: int) -> bool:
        time.sleep(0.005)
        if connection.execute("SELECT to_regclass('copied')").fetchone() == (None,):
            return False
        asked = "SELECT 1 FROM copied WHERE order_id = %s"
        return connection.execute(asked, (rows - 1,)).fetchone() is not None

    return arrived


def _wait(engine: ProcessRun, places: dict[str, Callable[[], bool]]) -> dict[str, float]:
    """Ask each place until it is reached; when each was."""
    deadline = time.monotonic() + LIMIT_S
    found: dict[str, float] = {}
    while len(found) < len(places):
        for name, ready in places.items():
            if name not in found and ready():
                found[name] = time.perf_counter()
        if engine.finished():
            raise SystemExit("the pipeline ended before its work was done")
        if time.monotonic() > deadline:
            missing = ", ".join(name for name in places if name not in found)
            raise SystemExit(f"{missing}: not there within {LIMIT_S:,.0f} s")
    return found


def _check(servers: Servers, sink: str, rows: int) -> None:
    """The sink holds all rows, each once."""
    wanted = (rows + 1, sum(i % 997 for i in range(rows + 1)))
    if sink == "postgres":
        with servers.connect() as connection:
            asked = connection.execute("SELECT count(*), sum(amount)::bigint FROM copied")
            found = asked.fetchone()
    else:
        found = _sums(servers)
    if found != wanted:
        raise SystemExit(f"wrong: the sink has {found} rows and their sum, {wanted} were written")


def _sums(servers: Servers) -> tuple[int, int]:
    with tempfile.NamedTemporaryFile() as file:
        count = read_output(servers.bootstrap, SINK_TOPIC, Path(file.name))
        with Path(file.name).open("rb") as lines:
            return count, sum(json.loads(line)["amount"] for line in lines)


def _pids(root: Path, engine: ProcessRun, through: str) -> dict[str, int]:
    status = json.loads((root / ".tidemill" / "status.json").read_text(encoding="utf-8"))
    found = {name: int(status["servers"][name]["process"]["pid"]) for name in _SERVERS[through]}
    return {**found, "engine": engine.pids[0]}


def _cpu(pids: dict[str, int]) -> dict[str, float]:
    """CPU-seconds of each and of its descendants."""
    used = {}
    for name, pid in pids.items():
        root = psutil.Process(pid)
        times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
        used[name] = sum(t.user + t.system for t in times)
    return used


def _table(samples: list[Sample]) -> str:
    lines = [
        "| through | written by | sink | rows | rows/s in all | written after s "
        "| captured after s | in the sink after s | CPU s: Postgres | Connect | Kafka | engine |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.through, sample.way, sample.sink), []).append(sample)
    return "\n".join([*lines, *(_line(group) for group in groups.values())])


def _line(group: list[Sample]) -> str:
    """Medians of a group, with the least and the most of the whole way."""
    first = group[0]

    def middle(values: Iterable[float | None]) -> str:
        known = [value for value in values if value is not None]
        return f"{statistics.median(known):.1f}" if known else ""

    rates = sorted(first.rows / sample.arrived_s for sample in group)
    cpu = (middle(s.cpu_s.get(n) for s in group) for n in (*_SERVERS["debezium"], "engine"))
    return (
        f"| {first.through} | {first.way} | {first.sink} | {first.rows:,} "
        f"| {statistics.median(rates):,.0f} ({rates[0]:,.0f}–{rates[-1]:,.0f}) "
        f"| {middle(s.written_s for s in group)} | {middle(s.captured_s for s in group)} "
        f"| {middle(s.arrived_s for s in group)} | {' | '.join(cpu)} |"
    )


if __name__ == "__main__":
    sys.exit(main())
