"""`postgres-cdc` in a pipeline that is killed in its snapshot and behind it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from pipeline_flow import Flow, Postgres, ended, kill, wait_for

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
