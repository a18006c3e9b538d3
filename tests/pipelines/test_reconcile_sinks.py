"""`reconcile --live` with sinks that are not in Postgres, while the source is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import redis
from confluent_kafka import Producer
from deltalake import DeltaTable, write_deltalake
from pipeline_flow import Flow, Postgres, ended, wait_for
from pyiceberg.catalog.sql import SqlCatalog
from test_postgres_cdc import name, source  # noqa: F401 - `name` is a fixture
from test_reconcile_live import writing

from tidemill.connectors.jdbc.keyed_sums import KeyedSums, RangeSum
from tidemill.control.reconcile import held as holding
from tidemill.control.reconcile.prove import Reconciled, reconcile
from tidemill.control.reconcile.read_back import topic_ends
from tidemill.control.run import run
from tidemill.errors import UserError
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.service import Endpoint
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model.types import BIGINT

pytestmark = pytest.mark.servers

ROWS = 6_000
COLUMNS = "id INT, city STRING, n BIGINT, PRIMARY KEY (id) NOT ENFORCED"
SINKS = ("newest", "changes", "files", "delta", "ice", "keys")


@dataclass
class Copies:
    """A captured table, and a pipeline that copies it into every kind of sink."""

    flow: Flow
    postgres: Postgres
    table: str
    redis: redis.Redis
    topics: dict[str, str]

    def compared(self, sink: str, **more: Any) -> Reconciled:
        found = reconcile(
            self.flow.name, self.flow.folder, sinks=[sink], against="s", live=True, **more
        )
        return found.sinks[0]

    @property
    def folder(self) -> Path:
        return self.flow.folder

    def plant(self, one: int, other: int, extra: int) -> None:
        """In each sink the row `one` is changed, `other` is taken away and `extra` is added."""
        city = f"c{one % 9}"
        self.in_topics(one, other, extra, city)
        lines = changes(one, other, extra, city)
        (self.folder / "files" / "part-zz").write_text("".join(f"{line}\n" for line in lines))
        rows = pa.table({"id": pa.array([extra], pa.int32()), "city": ["odd"], "n": [0]})
        table = DeltaTable(self.folder / "delta")
        table.update(predicate=f"id = {one}", updates={"n": "-1"})
        table.delete(f"id = {other}")
        write_deltalake(table, rows, mode="append")
        catalog = SqlCatalog(
            "lake", uri=f"sqlite:///{self.folder}/catalog.db", warehouse=f"{self.folder}/warehouse"
        )
        (at,) = [t for space in catalog.list_namespaces() for t in catalog.list_tables(space)]
        ice = catalog.load_table(at)
        ice.delete(f"id in ({one}, {other})")
        wrong = pa.table({"id": [one, extra], "city": [city, "odd"], "n": [-1, 0]})
        ice.append(wrong.cast(ice.schema().as_arrow()))
        self.redis.hset(f"{self.flow.name}:{one}", "n", "-1")
        self.redis.delete(f"{self.flow.name}:{other}")
        self.redis.hset(f"{self.flow.name}:{extra}", mapping={"id": extra, "city": "odd", "n": 0})

    def in_topics(self, one: int, other: int, extra: int, city: str) -> None:
        """Behind the newest message of a key there is another one."""
        producer = Producer({"bootstrap.servers": self.flow.bootstrap})
        found = {json.loads(r.key)["id"]: r for r in self.flow.records(self.topics["newest"])}
        row = {"id": one, "city": city, "n": -1}
        odd = {"id": extra, "city": "odd", "n": 0}
        for key, value in ((one, row), (other, None), (extra, odd)):
            like = found.get(key)
            producer.produce(
                self.topics["newest"],
                None if value is None else json.dumps(value),
                like.key if like else json.dumps({"id": extra}),
                like.partition if like else 0,
            )
        for line in changes(one, other, extra, city):
            producer.produce(self.topics["changes"], line)
        assert producer.flush(30) == 0


def changes(one: int, other: int, extra: int, city: str) -> list[str]:
    """The messages of Debezium that change a row, delete one and add one."""
    was = {"id": one, "city": city, "n": one}
    gone = {"id": other, "city": f"c{other % 9}", "n": other}
    return [
        json.dumps({"before": was, "after": {**was, "n": -1}, "op": "u"}),
        json.dumps({"before": gone, "after": None, "op": "d"}),
        json.dumps({"before": None, "after": {"id": extra, "city": "odd", "n": 0}, "op": "c"}),
    ]


@pytest.fixture
def copies(
    flow: Flow,
    postgres: Postgres,
    name: str,  # noqa: F811 - the fixture
    redis_endpoint: Endpoint,
) -> Iterator[Copies]:
    """The pipeline, written and not yet started."""
    connection = postgres.connection
    connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, city text, n bigint)")
    connection.execute(f"ALTER TABLE {name} REPLICA IDENTITY FULL")
    connection.execute(
        f"INSERT INTO {name} SELECT i, 'c' || i % 9, i FROM generate_series(1, {ROWS}) i"
    )
    (flow.folder / "tidemill.yaml").write_text(f"name: {flow.name}\npipelines: [{flow.name}.sql]\n")
    user, password = redis_endpoint.properties["user"], redis_endpoint.secrets["password"]
    topics = {stem: flow.topic(stem, partitions=3) for stem in ("newest", "changes")}
    kafka = f"'properties.bootstrap.servers' = '{flow.bootstrap}'"
    flow.write(
        source(postgres, name).replace(
            "'slot.name'", "'heartbeat.interval.ms'='200ms', 'slot.name'"
        ),
        f"CREATE TABLE newest ({COLUMNS}) WITH ('connector' = 'upsert-kafka', {kafka}, "
        f"'topic' = '{topics['newest']}', 'key.format' = 'json', 'value.format' = 'json');",
        f"CREATE TABLE changes ({COLUMNS}) WITH ('connector' = 'kafka', {kafka}, "
        f"'topic' = '{topics['changes']}', 'format' = 'debezium-json');",
        f"CREATE TABLE files ({COLUMNS}) WITH ('connector' = 'filesystem', 'path' = 'files', "
        "'format' = 'debezium-json');",
        f"CREATE TABLE delta ({COLUMNS}) WITH ('connector' = 'delta', 'table-path' = 'delta');",
        f"CREATE TABLE ice ({COLUMNS}) WITH ('connector' = 'iceberg', 'catalog-name' = 'lake', "
        "'uri' = 'jdbc:sqlite:catalog.db', 'warehouse' = 'warehouse');",
        f"CREATE TABLE keys ({COLUMNS}) WITH ('connector' = 'redis', "
        f"'url' = '{redis_endpoint.properties['url']}', 'username' = '{user}', "
        f"'password' = '{password}', 'key' = '{flow.name}:{{id}}');",
        "EXECUTE STATEMENT SET BEGIN",
        *(f"INSERT INTO `{sink}` SELECT id, city, n FROM s;" for sink in SINKS),
        "END;",
    )
    client = redis.Redis(
        host=redis_endpoint.host, port=redis_endpoint.ports["redis"], username=user,
        password=password, decode_responses=True,
    )  # fmt: skip
    yield Copies(flow, postgres, name, client, topics)
    for key in client.scan_iter(f"{flow.name}:*", 5_000):
        client.delete(key)
    client.close()


def test_a_copy_in_any_store_is_compared_while_its_source_is_written(copies: Copies) -> None:
    """Equal under a writer; then one changed, one missing, one extra row in each, and only they."""
    process = copies.flow.start()
    try:
        wait_for(lambda: copies.redis.exists(f"{copies.flow.name}:{ROWS}") == 1, 60)
        with writing(copies.postgres, copies.table, range(1_000, ROWS + 500)) as turns:
            for sink in SINKS:
                before = turns[0]
                one = copies.compared(sink)
                assert one.agrees and one.lsn and one.found.rows > 4_000, (sink, one)
                assert turns[0] > before + 5
        process.terminate()
        ended(process)
        copies.plant(11, 12, -5)
        process = copies.flow.start()
        with writing(copies.postgres, copies.table, range(1_000, ROWS + 500)):
            for sink in SINKS:
                one = copies.compared(sink)
                differ = one.differences
                assert differ.missing_rows == ({"id": "12", "city": "c3", "n": "12"},), (sink, one)
                assert differ.unexpected_rows == ({"id": "-5", "city": "odd", "n": "0"},)
                assert differ.different_rows == ({"id": "11", "n": ("11", "-1")},)
                assert one.unsettled == 0 and not one.agrees
    finally:
        process.terminate()
        ended(process)


def test_a_checker_with_a_wrong_sum_says_so_and_finds_no_row(
    flow: Flow,
    postgres: Postgres,
    name: str,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sums of a topic are spoilt on purpose: rows are read then, and none differs.

    And the other way round: sums that never differ hide a planted row, so it is they that find it.
    """
    connection = postgres.connection
    connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, city text, n bigint)")
    connection.execute(f"ALTER TABLE {name} REPLICA IDENTITY FULL")
    connection.execute(f"INSERT INTO {name} SELECT i, 'c', i FROM generate_series(1, 2000) i")
    (flow.folder / "tidemill.yaml").write_text(f"name: {flow.name}\npipelines: [{flow.name}.sql]\n")
    topic = flow.topic("newest")
    flow.write(
        source(postgres, name),
        f"CREATE TABLE newest ({COLUMNS}) WITH ('connector' = 'upsert-kafka', "
        f"'properties.bootstrap.servers' = '{flow.bootstrap}', 'topic' = '{topic}', "
        "'key.format' = 'json', 'value.format' = 'json');",
        "INSERT INTO newest SELECT id, city, n FROM s;",
    )
    flow.run(until="caught-up", row_per_record=False)

    def compared() -> Reconciled:
        asked: dict[str, Any] = {"sinks": ["newest"], "against": "s", "live": True, "wait_s": 20}
        return reconcile(flow.name, flow.folder, **asked).sinks[0]

    assert compared().agrees and compared().ranges == 1
    flow.send(topic, [(json.dumps({"id": 7}), json.dumps({"id": 7, "city": "c", "n": 8}))])
    monkeypatch.setattr("tidemill.control.reconcile.live._wait", lambda *_: None)
    monkeypatch.setattr("tidemill.control.reconcile.passed.Passed.__call__", lambda *_: True)
    assert compared().differences.different_rows == ({"id": "7", "n": ("7", "8")},)
    right = holding.HeldRows.sums
    with monkeypatch.context() as spoilt:
        spoilt.setattr(
            holding.HeldRows, "sums",
            lambda self, *a: [RangeSum(s.rows, s.checksum + 1) for s in right(self, *a)],
        )  # fmt: skip
        one = compared()
        assert one.ranges > 1 and one.differences.different == 1 and one.found.rows == 2000
    with monkeypatch.context() as spoilt:
        # As many sums as were asked for, and all alike on both sides: a checker that is blind.
        for side in (holding.HeldRows, KeyedSums):
            spoilt.setattr(side, "sums", lambda _, within, cuts=(): [RangeSum()] * (len(cuts) + 1))
        assert compared().agrees


def test_what_cannot_be_read_to_an_end_or_summed_up_is_refused(
    flow: Flow, postgres: Postgres, redis_endpoint: Endpoint
) -> None:
    postgres.create("id int PRIMARY KEY, city text, n bigint, tags text[]")
    (flow.folder / "tidemill.yaml").write_text(f"name: {flow.name}\npipelines: [{flow.name}.sql]\n")
    kafka = f"'properties.bootstrap.servers' = '{flow.bootstrap}'"
    keys = f"'connector' = 'redis', 'url' = '{redis_endpoint.properties['url']}'"
    formats = "'key.format' = 'json', 'value.format' = 'json'"
    for columns, options, says in (
        (COLUMNS, "'connector' = 'blackhole'", "no end to read to"),
        (COLUMNS, f"{keys}, 'key' = 'x:{{id}}', 'ttl' = '1 h'", "expire"),
        (
            "id INT, tags ARRAY<STRING>, PRIMARY KEY (id) NOT ENFORCED",
            f"'connector' = 'upsert-kafka', {kafka}, 'topic' = 'x', {formats}",
            "ARRAY<STRING>",
        ),
        (
            "id INT, city STRING, n DOUBLE, PRIMARY KEY (n) NOT ENFORCED",
            f"'connector' = 'upsert-kafka', {kafka}, 'topic' = 'x', {formats}",
            "PRIMARY KEY",
        ),
    ):
        names = [part.split()[0] for part in columns.partition(", PRIMARY")[0].split(", ")]
        flow.write(
            postgres.jdbc("s", "id INT, city STRING, n BIGINT, tags ARRAY<STRING>, "
                          "PRIMARY KEY (id) NOT ENFORCED"),
            flow.kafka("t", "id INT, city STRING, n BIGINT, tags ARRAY<STRING>", flow.name,
                       format="debezium-json"),
            f"CREATE TABLE o ({columns}) WITH ({options});",
            f"INSERT INTO o SELECT {', '.join(names)} FROM t;",
        )  # fmt: skip
        with pytest.raises(UserError) as caught:
            reconcile(flow.name, flow.folder, against="s", live=True)
        assert caught.value.code == "reconcile.not-live"
        assert says in caught.value.render(), caught.value.render()
    topic = flow.topic("compacted", cleanup_policy="compact")
    schema = Schema((Column("id", BIGINT),))
    options = {"topic": topic, "properties.bootstrap.servers": flow.bootstrap}
    changes = {**options, "connector": "kafka", "format": "debezium-json"}
    with pytest.raises(UserError) as caught:
        topic_ends(
            TableDescriptor("t", schema, changes, ("id",)), JobContext("j", FORMATS), upsert=False
        )
    assert "compacted" in caught.value.render()


TYPED = {
    "id": ("INT", "int PRIMARY KEY"),
    "f": ("FLOAT", "real"),
    "d": ("DOUBLE", "float8"),
    "e": ("DECIMAL(20, 6)", "numeric(20,6)"),
    "o": ("BOOLEAN", "boolean"),
    "s": ("STRING", "text"),
    "c": ("STRING", "character(6)"),
    "t": ("DATE", "date"),
    "u": ("TIMESTAMP(6)", "timestamp"),
    "m": ("TIMESTAMP(3)", "timestamp(3)"),
    "l": ("TIMESTAMP_LTZ(6)", "timestamptz"),
}
VALUES = """
    (1, 0.1, 0.1, 0.1, true, 'a', 'ab', '2026-01-01', '2026-01-01 00:00:00.000001',
     '2026-01-01 00:00:00.001', '2026-06-01 12:00:00.123456+02'),
    (2, 16777217, 1e300, -12345678901234.567891, false, E'\\u00e4\\n"''', 'abcdef', '0001-01-01',
     '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999999+00'),
    (3, -0.0, 5e-324, 0, NULL, '', '', '9999-12-31', NULL, NULL, NULL),
    (4, 3.4e38, 123456789.123456789, 99999999999999.999999, true, NULL, NULL, NULL,
     '1900-01-01', '1900-01-01', '1900-01-01 00:00:00+00'),
    (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""


def test_values_of_every_kind_are_the_same_in_every_store(
    flow: Flow,
    postgres: Postgres,
    name: str,  # noqa: F811 - the fixture
    redis_endpoint: Endpoint,
) -> None:
    """No value is called different because of how a store writes it."""
    connection = postgres.connection
    columns = ", ".join(f"{column} {pg}" for column, (_, pg) in TYPED.items())
    connection.execute(f"CREATE TABLE {name} ({columns})")
    connection.execute(f"ALTER TABLE {name} REPLICA IDENTITY FULL")
    connection.execute(f"INSERT INTO {name} VALUES {VALUES}")
    (flow.folder / "tidemill.yaml").write_text(f"name: {flow.name}\npipelines: [{flow.name}.sql]\n")
    declared = ", ".join(f"{column} {type_}" for column, (type_, _) in TYPED.items())
    declared += ", PRIMARY KEY (id) NOT ENFORCED"
    topics = {stem: flow.topic(stem) for stem in ("newest", "changes")}
    kafka = f"'properties.bootstrap.servers' = '{flow.bootstrap}'"
    login = (
        f"'username' = '{redis_endpoint.properties['user']}', "
        f"'password' = '{redis_endpoint.secrets['password']}'"
    )
    sinks = {
        "newest": f"'connector' = 'upsert-kafka', {kafka}, 'topic' = '{topics['newest']}', "
        "'key.format' = 'json', 'value.format' = 'json'",
        "changes": f"'connector' = 'kafka', {kafka}, 'topic' = '{topics['changes']}', "
        "'format' = 'debezium-json'",
        "delta": "'connector' = 'delta', 'table-path' = 'delta'",
        "ice": "'connector' = 'iceberg', 'catalog-name' = 'lake', "
        "'uri' = 'jdbc:sqlite:catalog.db', 'warehouse' = 'warehouse'",
        "keys": f"'connector' = 'redis', 'url' = '{redis_endpoint.properties['url']}', {login}, "
        f"'key' = '{flow.name}:{{id}}'",
    }
    flow.write(
        source(postgres, name).replace(COLUMNS, declared),
        *(f"CREATE TABLE {sink} ({declared}) WITH ({given});" for sink, given in sinks.items()),
        "EXECUTE STATEMENT SET BEGIN",
        *(f"INSERT INTO {sink} SELECT {', '.join(TYPED)} FROM s;" for sink in sinks),
        "END;",
    )
    run(str(flow.folder / f"{flow.name}.sql"), until="caught-up")
    for sink in sinks:
        found = reconcile(flow.name, flow.folder, sinks=[sink], against="s", live=True, wait_s=3)
        (one,) = found.sinks
        assert one.agrees and one.ranges == 1 and one.found.rows == 5, (sink, one)
