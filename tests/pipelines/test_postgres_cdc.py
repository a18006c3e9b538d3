"""`postgres-cdc` in a pipeline that is killed in its snapshot and behind it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from pipeline_flow import Flow, Postgres, ended, kill, wait_for

from tidemill.control.cdc.guard import guard, look
from tidemill.control.cdc.resnapshot import resnapshot
from tidemill.control.doctor_slots import doctor_slots
from tidemill.control.metrics import metrics_text
from tidemill.control.reconcile.prove import reconcile
from tidemill.errors import ConnectorError, UserError
from tidemill.project import load_project

pytestmark = pytest.mark.servers

ROWS = 30_000


@pytest.fixture
def name(flow: Flow, postgres: Postgres) -> Iterator[str]:
    """The source table, its slot and its publication."""
    found = f"{flow.name.lower().replace('-', '_')}_cdc"
    yield found
    for _ in range(100):
        with contextlib.suppress(psycopg.errors.ObjectInUse, psycopg.errors.UndefinedObject):
            postgres.connection.execute("SELECT pg_drop_replication_slot(%s)", (found,))
            break
        time.sleep(0.1)
    postgres.connection.execute(f"DROP PUBLICATION IF EXISTS {found}")
    postgres.connection.execute(f"DROP TABLE IF EXISTS {found}")
    postgres.connection.execute(f"DROP SEQUENCE IF EXISTS {found}_moved")


def source(postgres: Postgres, name: str) -> str:
    endpoint = postgres.endpoint
    return (
        "CREATE TABLE s (id INT, city STRING, n BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ("
        f"'connector' = 'postgres-cdc', 'hostname' = '{endpoint.host}', "
        f"'port' = '{endpoint.ports['sql']}', 'username' = '{endpoint.properties['user']}', "
        f"'password' = '{endpoint.secrets['password']}', "
        f"'database-name' = '{endpoint.properties['database']}', 'schema-name' = 'public', "
        f"'table-name' = '{name}', 'slot.name' = '{name}');"
    )


@contextlib.contextmanager
def changing(postgres: Postgres, name: str) -> Iterator[None]:
    """Rows are added, changed, moved and deleted all over the table until the end."""
    stop = threading.Event()
    endpoint = postgres.endpoint

    def body() -> None:
        with psycopg.connect(
            host=endpoint.host, port=endpoint.ports["sql"], user=endpoint.properties["user"],
            dbname=endpoint.properties["database"], password=endpoint.secrets["password"],
            autocommit=True,
        ) as connection:  # fmt: skip
            turn = 0
            while not stop.is_set():
                turn += 1
                for text in (
                    "INSERT INTO {t} SELECT %s * 100 + i, 'c' || i %% 7, 1 "
                    "FROM generate_series(1, 20) i ON CONFLICT (id) DO UPDATE SET n = {t}.n + 1",
                    "UPDATE {t} SET n = n + 1, city = 'c' || %s %% 9 WHERE id %% 997 = 5",
                    "UPDATE {t} SET id = id + nextval('{t}_moved') WHERE id = %s * 37",
                    "DELETE FROM {t} WHERE id %% 1009 = %s",
                ):
                    connection.execute(text.format(t=name).encode(), (turn % 30,))
                time.sleep(0.02)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_kills_in_the_snapshot_and_behind_it_lose_and_repeat_nothing(
    flow: Flow, postgres: Postgres, name: str
) -> None:
    connection = postgres.connection
    connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, city text, n bigint)")
    connection.execute(f"ALTER TABLE {name} REPLICA IDENTITY FULL")
    connection.execute(f"CREATE SEQUENCE {name}_moved INCREMENT 50000 START 50000")
    connection.execute(
        f"INSERT INTO {name} SELECT i, 'c' || i % 9, i FROM generate_series(1, {ROWS}) i"
    )
    postgres.create("city text PRIMARY KEY, rows bigint, n bigint")
    columns = "city STRING, `rows` BIGINT, n BIGINT, PRIMARY KEY (city) NOT ENFORCED"
    flow.write(
        source(postgres, name),
        postgres.jdbc("totals", columns),
        "INSERT INTO totals SELECT city, COUNT(*), SUM(n) FROM s GROUP BY city;",
    )

    def seen() -> int:
        return sum(row[1] for row in postgres.rows())

    with changing(postgres, name):
        counts = []
        for at in ("after-checkpoint-written:2", "after-decider-commit:2"):
            process = flow.start(env={"TIDEMILL_CRASH_AT": at})
            assert ended(process, 60)[0] < 0
            counts.append(seen())
        process = flow.start()
        wait_for(lambda: seen() > ROWS * 8 // 10, 60)
        time.sleep(0.5)
        kill(process)
    assert counts[0] < ROWS // 2
    process = flow.start("--until-caught-up")
    code, _, err = ended(process, 60)
    assert code == 0, err
    query = f"SELECT city, count(*), sum(n) FROM {name} GROUP BY 1 ORDER BY 1"
    assert postgres.rows() == connection.execute(query.encode()).fetchall()
    slot = "SELECT confirmed_flush_lsn > '0/0' FROM pg_replication_slots WHERE slot_name = %s"
    assert connection.execute(slot, (name,)).fetchone() == (True,)


def totals(flow: Flow, postgres: Postgres, name: str, over_budget: str = "drop") -> None:
    """A project whose pipeline sums up the source table."""
    connection = postgres.connection
    connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, city text, n bigint)")
    connection.execute(f"ALTER TABLE {name} REPLICA IDENTITY FULL")
    connection.execute(f"INSERT INTO {name} VALUES (1, 'a', 1), (2, 'a', 2), (3, 'b', 4)")
    postgres.create("city text PRIMARY KEY, rows bigint, n bigint")
    columns = "city STRING, `rows` BIGINT, n BIGINT, PRIMARY KEY (city) NOT ENFORCED"
    endpoint = postgres.endpoint
    (flow.folder / "tidemill.yaml").write_text(
        f"name: {flow.name}\npipelines: [{flow.name}.sql]\n"
        f"cdc: {{wal_budget_mb: 1, over_budget: {over_budget}}}\nconnections:\n"
        f"  postgres: {{host: {endpoint.host}, user: {endpoint.properties['user']},\n"
        f"    port: {endpoint.ports['sql']}, database: {endpoint.properties['database']},\n"
        "    password: '${env:POSTGRES_PASSWORD}'}\n"
    )
    flow.write(
        source(postgres, name),
        postgres.jdbc("totals", columns),
        "INSERT INTO totals SELECT city, COUNT(*), SUM(n) FROM s GROUP BY city;",
    )


def test_a_slot_over_its_budget_is_dropped_and_the_rows_are_taken_anew(
    flow: Flow, postgres: Postgres, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", postgres.endpoint.secrets["password"])
    totals(flow, postgres, name)
    flow.run(row_per_record=False)
    connection, project = postgres.connection, load_project(flow.folder)
    assert postgres.rows() == [("a", 2, 3), ("b", 1, 4)]
    assert [one.action for one in guard(project, [name])] == ["none"]

    connection.execute(f"ALTER TABLE {name} ADD note text")
    connection.execute(f"UPDATE {name} SET note = 'x' WHERE id = 1")
    progress = flow.run(row_per_record=False)
    (told,) = progress.schema_changes["s"].newest
    assert told[1] == "the column `note` text was added; it is not declared, and left out"
    (seen,) = [one for one in look(project) if one.slot.state.name == name]
    assert seen.schema_changes.newest == (told,)
    samples = metrics_text(project)
    assert f'source_schema_changes_total{{pipeline="{flow.name}",table="s"}} 1' in samples

    text = "SELECT pg_logical_emit_message(false, 'w', repeat('x', 3000000))"
    connection.execute(text)
    connection.execute(f"DELETE FROM {name} WHERE id = 2; UPDATE {name} SET n = 8 WHERE id = 3")
    (seen,) = [one for one in look(project) if one.slot.state.name == name]
    assert seen.reader is not None and seen.reader.shown == f"pipeline {flow.name}"
    checks = {check.name: check for check in doctor_slots(project)}
    assert checks[f"slot {name}"].outcome == "warning"
    (done,) = guard(project, [name])
    assert done.action == "drop" and f"tidemill cdc resnapshot {flow.name}" in done.sentence

    with pytest.raises(ConnectorError) as caught:
        flow.run()
    assert caught.value.code == "connector.slot-lost"
    made = resnapshot(flow.name, flow.folder)
    assert (made.tables, made.slots_dropped, made.appended) == (("s",), (), ())
    assert made.kept is not None
    flow.run(row_per_record=False)
    assert postgres.rows() == [("a", 1, 1), ("b", 1, 8)]
    connection.execute(f"INSERT INTO {name} VALUES (4, 'b', 1)")
    flow.run(row_per_record=False)
    assert postgres.rows() == [("a", 1, 1), ("b", 2, 9)]
    assert reconcile(flow.name, flow.folder).agrees
    connection.execute(f"UPDATE {postgres.table} SET n = 10 WHERE city = 'b'")
    (found,) = reconcile(flow.name, flow.folder).sinks
    assert found.differences.different_rows == ({"city": "b", "n": (9, 10)},)


def test_a_pipeline_whose_slot_is_over_its_budget_is_paused_and_goes_on_from_there(
    flow: Flow, postgres: Postgres, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", postgres.endpoint.secrets["password"])
    totals(flow, postgres, name, over_budget="pause")
    connection, project = postgres.connection, load_project(flow.folder)
    process = flow.start()
    wait_for(lambda: postgres.rows() == [("a", 2, 3), ("b", 1, 4)], 60)
    done = []
    for _ in range(20):
        # The server moves what it keeps on its own now and then, and may do so just now.
        connection.execute("SELECT pg_logical_emit_message(false, 'w', repeat('x', 3000000))")
        done = guard(project, [name])
        if done[0].action == "pause":
            break
    assert [one.action for one in done] == ["pause"]
    assert f"pipeline {flow.name} was stopped" in done[0].sentence
    assert ended(process)[0] == 0
    connection.execute(f"INSERT INTO {name} VALUES (4, 'b', 1)")
    connection.execute("SELECT pg_logical_emit_message(false, 'w', repeat('x', 3000000))")
    (again,) = guard(project, [name])
    assert again.action == "pause" and "stands still already" in again.sentence
    kept = "SELECT active, wal_status FROM pg_replication_slots WHERE slot_name = %s"
    assert connection.execute(kept, (name,)).fetchone() == (False, "reserved")
    flow.run(row_per_record=False)
    assert postgres.rows() == [("a", 2, 3), ("b", 2, 5)]


def test_rows_are_not_taken_anew_into_a_sink_that_adds(
    flow: Flow, postgres: Postgres, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", postgres.endpoint.secrets["password"])
    totals(flow, postgres, name)
    flow.write(
        source(postgres, name).replace("'slot.name'", "'scan.startup.mode'='snapshot','slot.name'"),
        flow.kafka("o", "id INT", f"{flow.name}-out"),
        "INSERT INTO o SELECT id FROM s;",
    )
    with pytest.raises(UserError) as caught:
        resnapshot(flow.name, flow.folder)
    assert caught.value.code == "control.would-repeat"
