"""`reconcile --live`: a copy compared with its source while both are written."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import threading
from collections.abc import Iterator

import psycopg
import pytest
from pipeline_flow import CLI, Flow, Postgres, ended, wait_for
from psycopg import sql
from test_postgres_cdc import name, source  # noqa: F401 - `name` is a fixture

from tidemill.connectors.jdbc.keyed_sums import KeyedSums, KeyRange
from tidemill.control.reconcile import bisect as bisecting
from tidemill.control.reconcile.prove import reconcile
from tidemill.control.reconcile.sides import keyed
from tidemill.errors import UserError
from tidemill.model import Column, Schema, TableDescriptor
from tidemill.model.types import BIGINT, DOUBLE, STRING

pytestmark = pytest.mark.servers

ROWS = 100_000
COLUMNS = "id INT, city STRING, n BIGINT, PRIMARY KEY (id) NOT ENFORCED"


@contextlib.contextmanager
def writing(
    postgres: Postgres, table: str, ids: range = range(1_000, ROWS + 1_000), every_s: float = 0.005
) -> Iterator[list[int]]:
    """Single rows are changed, added and deleted all over the table until the end."""
    stop, count = threading.Event(), [0]
    endpoint = postgres.endpoint

    def body() -> None:
        noise = random.Random(5)
        with psycopg.connect(
            host=endpoint.host, port=endpoint.ports["sql"], user=endpoint.properties["user"],
            dbname=endpoint.properties["database"], password=endpoint.secrets["password"],
            autocommit=True,
        ) as connection:  # fmt: skip
            while not stop.wait(every_s):
                count[0] += 1
                one = noise.choice(ids)
                connection.execute(
                    f"INSERT INTO {table} VALUES (%s, 'new', 1) "
                    f"ON CONFLICT (id) DO UPDATE SET n = {table}.n + 1".encode(),
                    (one,),
                )
                if len(ids) > 1 and count[0] % 5 == 0:
                    connection.execute(f"DELETE FROM {table} WHERE id = %s".encode(), (one,))

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()


def test_what_differs_is_found_at_one_place_in_the_log_while_rows_are_written(
    flow: Flow,
    postgres: Postgres,
    name: str,  # noqa: F811 - the fixture
) -> None:
    """One row of 100,000 by a few ranges; then three, while hundreds are on their way."""
    connection, target = postgres.connection, postgres.table
    connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, city text, n bigint)")
    connection.execute(f"ALTER TABLE {name} REPLICA IDENTITY FULL")
    connection.execute(
        f"INSERT INTO {name} SELECT i, 'c' || i % 9, i FROM generate_series(1, {ROWS}) i"
    )
    postgres.create("id int PRIMARY KEY, city text, n bigint")
    (flow.folder / "tidemill.yaml").write_text(f"name: {flow.name}\npipelines: [{flow.name}.sql]\n")
    flow.write(
        source(postgres, name).replace(
            "'slot.name'", "'heartbeat.interval.ms'='200ms', 'slot.name'"
        ),
        postgres.jdbc("copied", COLUMNS),
        "INSERT INTO copied SELECT id, city, n FROM s;",
    )
    process = flow.start()
    try:
        count = f"SELECT count(*) FROM {target}"
        wait_for(lambda: connection.execute(count).fetchone() == (ROWS,), 60)

        def compared() -> tuple[int, dict[str, object]]:
            asked = ("--sink", "copied", "--against", "s", "--live", "--json", "-C", flow.folder)
            done = subprocess.run(
                [*CLI, "reconcile", f"{flow.name}.sql", *map(str, asked)],
                capture_output=True, text=True, check=False, cwd=flow.folder,
            )  # fmt: skip
            assert done.stdout, done.stderr
            return done.returncode, json.loads(done.stdout)

        connection.execute(f"UPDATE {target} SET n = n + 1 WHERE id = 777")
        with writing(postgres, name, range(5, 6), 0.3):
            code, found = compared()
        (only,) = found["sinks"]
        assert code == 1 and only["differences"]["different"] == 1
        assert only["differences"]["different_rows"] == [{"id": "777", "n": ["777", "778"]}]
        assert only["ranges"] <= 1 + 2 * (bisecting.PARTS * 2) and only["lsn"]

        connection.execute(f"UPDATE {target} SET n = 777 WHERE id = 777")
        with writing(postgres, name) as turns:
            before = turns[0]
            found = reconcile(flow.name, flow.folder, sinks=["copied"], against="s", live=True)
            assert found.agrees, found
            assert turns[0] > before + 5
            connection.execute(f"UPDATE {target} SET city = NULL WHERE id = 11")
            connection.execute(f"DELETE FROM {target} WHERE id = 12")
            connection.execute(f"INSERT INTO {target} VALUES (-5, 'odd', 0)")
            again = reconcile(flow.name, flow.folder, sinks=["copied"], against="s", live=True)
        (one,) = again.sinks
        assert one.differences.missing_rows == ({"id": "12", "city": "c3", "n": "12"},)
        assert one.differences.unexpected_rows == ({"id": "-5", "city": "odd", "n": "0"},)
        assert one.differences.different_rows == ({"id": "11", "city": ("c2", None)},)
        assert one.unsettled == 0 and not again.agrees
    finally:
        process.terminate()
        ended(process)
    connection.execute("SELECT pg_logical_emit_message(false, 'w', 'x')")
    with pytest.raises(UserError) as caught:
        reconcile(flow.name, flow.folder, sinks=["copied"], against="s", live=True, wait_s=0.5)
    assert caught.value.code == "reconcile.not-through"


def test_keys_of_several_columns_are_cut_alike_whatever_their_texts(
    flow: Flow, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random tables with keys that collations order otherwise: as EXCEPT says it."""
    monkeypatch.setattr(bisecting, "PARTS", 3)
    monkeypatch.setattr(bisecting, "LEAF_ROWS", 4)
    noise = random.Random(3)
    columns = (Column("k", STRING), Column("i", BIGINT), Column("v", DOUBLE), Column("w", STRING))
    made: list[KeyedSums] = []
    texts = [
        "",
        "a",
        "B",
        "ä",
        "Z",
        "z",
        "_",
        "-",
        "a b",
        "ab",
        "A-b",
        "'",
        '"',
        "\\",
        "é",
        "10",
        "9",
    ]
    tables = [f"{postgres.table}_{side}" for side in "ab"]
    rows = {(noise.choice(texts), noise.randrange(9)): noise.choice([None, 0.5]) for _ in range(90)}
    for number, table in enumerate(tables):
        kind = ("int", "bigint")[number]
        postgres.connection.execute(
            f"CREATE TABLE {table} (k text, i {kind}, v float8, w varchar(9), PRIMARY KEY (i, k))"
        )
        options = {
            part.split("'")[1]: part.split("'")[3]
            for part in postgres.jdbc("t", "x INT").partition("WITH (")[2].split(", ")
        } | {"table-name": table}
        made.append(keyed(TableDescriptor("t", Schema(columns), options), columns, ("k", "i")))
    left, right = made
    try:
        for harm in range(6):
            for number, table in enumerate(tables):
                postgres.connection.execute(f"TRUNCATE {table}")
                for (k, i), v in rows.items():
                    if number and noise.random() < harm / 20:
                        continue
                    odd = v if not number or noise.random() > harm / 20 else -1.0
                    insert = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s, %s)")
                    # -0.0 on one side is 0.0 on the other.
                    value = odd if odd is not None or i % 2 else (0.0, -0.0)[number]
                    postgres.connection.execute(
                        insert.format(sql.Identifier(table)), (k, i, value, k)
                    )
            query = "(SELECT k, i FROM (SELECT * FROM {0} EXCEPT SELECT * FROM {1}) d)"
            wanted = postgres.connection.execute(
                f"{query.format(*tables)} UNION {query.format(*reversed(tables))}"
            ).fetchall()
            left.begin(), right.begin()
            found = bisecting.bisect(left, right, *left.sums(KeyRange()), *right.sums(KeyRange()))
            assert sorted(found.keys) == sorted((k, str(i)) for k, i in wanted)
            assert (found.ranges == 1) == (not wanted)
            keys = [(k, str(i)) for k, i in rows]
            assert left.of(keys).keys() == set(keys) and left.lsn > 0
            left.end(), right.end()
    finally:
        left.close(), right.close()


def test_what_cannot_be_compared_live_is_refused(flow: Flow, postgres: Postgres) -> None:
    postgres.create("id int PRIMARY KEY, city text, n bigint")
    (flow.folder / "tidemill.yaml").write_text(f"name: {flow.name}\npipelines: [{flow.name}.sql]\n")
    flow.write(
        flow.kafka("s", COLUMNS.partition(", PRIMARY")[0], flow.topic("in")),
        postgres.jdbc("copied", COLUMNS),
        "INSERT INTO copied SELECT id, city, n FROM s;",
    )
    for against, says in ((None, "--against TABLE"), ("s", "without --live"), ("copied", "slot")):
        with pytest.raises(UserError) as caught:
            reconcile(flow.name, flow.folder, against=against, live=True)
        assert caught.value.code == "reconcile.not-live"
        assert says in caught.value.render()
