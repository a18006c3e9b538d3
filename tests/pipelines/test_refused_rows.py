"""Rows that a sink refuses: each is kept with the reason, once; the others of its epoch go in."""

from __future__ import annotations

import json

import pytest
from pipeline_flow import Flow, Postgres, jsons

from tidemill.errors import EngineError

pytestmark = pytest.mark.servers

COLUMNS = "id BIGINT, name STRING, price DECIMAL(20, 2)"
KEYED = COLUMNS + ", PRIMARY KEY (id) NOT ENFORCED"
TABLE = "id BIGINT PRIMARY KEY CHECK (id <> 7), name VARCHAR(5) NOT NULL, price NUMERIC(6, 2)"
ROWS = jsons(
    [
        {"id": 1, "name": "tea", "price": "1.50"},
        {"id": 2, "name": None, "price": "1.50"},
        {"id": 3, "name": "milk", "price": "123456789.00"},
        {"id": 4, "name": "too long", "price": "1.50"},
        {"id": 5, "name": "nul\0", "price": "1.50"},
        {"id": 7, "name": "check", "price": "1.50"},
        {"id": None, "name": "key", "price": "1.50"},
        {"id": 8, "name": "salt", "price": None},
    ]
)
REASONS = {
    2: "`name` is NULL",
    3: "`price` is out of the range of numeric(6,2)",
    4: "`name` is too long",
    5: "U+0000",
    7: "check constraint",
    None: "NOT NULL column `id`",
}


def test_postgres_refuses_rows_one_by_one(flow: Flow, postgres: Postgres) -> None:
    postgres.create(TABLE)
    topic = flow.topic("in", *ROWS)
    text = (
        flow.kafka("s", COLUMNS, topic),
        postgres.jdbc("o", KEYED),
        "INSERT INTO o SELECT id, name, price FROM s;",
    )
    progress = flow.run(*text)
    assert [row[0] for row in postgres.rows()] == [1, 8]
    assert (progress.records, progress.rows_out, progress.dead_letters) == (8, 2, 6)
    letters = flow.letters()
    assert {letter["code"] for letter in letters} <= {
        "connector.row-refused",
        "engine.null-in-not-null-column",
    }
    found = {json.loads(letter["value"])["id"]: letter["message"] for letter in letters}
    assert found.keys() == REASONS.keys()
    for key, reason in REASONS.items():
        assert reason in found[key], (key, found[key])
    # once only, also over another run with more rows
    flow.send(topic, [ROWS[1], ROWS[0].replace('"id": 1', '"id": 9')])
    progress = flow.run()
    assert [row[0] for row in postgres.rows()] == [1, 8, 9]
    assert (progress.records, progress.rows_out, progress.dead_letters) == (10, 3, 7)
    assert len(flow.letters()) == 7


def test_one_run_into_kafka_and_postgres_keeps_both_whole(flow: Flow, postgres: Postgres) -> None:
    postgres.create(TABLE)
    topic = flow.topic("in", *ROWS)
    out = f"{flow.name}-out"
    progress = flow.run(
        flow.kafka("s", COLUMNS, topic),
        postgres.jdbc("o", KEYED),
        flow.kafka("k", COLUMNS, out),
        "EXECUTE STATEMENT SET BEGIN",
        "INSERT INTO o SELECT id, name, price FROM s;",
        "INSERT INTO k SELECT id, name, price FROM s;",
        "END;",
    )
    assert [row[0] for row in postgres.rows()] == [1, 8]
    assert len(flow.rows(out)) == 8
    assert (progress.rows_out, progress.dead_letters) == (10, 6)
    assert len(flow.letters()) == 6
    flow.run()
    assert (len(flow.letters()), len(flow.rows(out))) == (6, 8)


def test_in_the_mode_fail_a_refused_row_stops_the_pipeline(flow: Flow, postgres: Postgres) -> None:
    postgres.create(TABLE)
    topic = flow.topic("in", *ROWS[:3])
    with pytest.raises(EngineError) as caught:
        flow.run(
            flow.kafka("s", COLUMNS, topic, error_handling__mode="fail"),
            postgres.jdbc("o", KEYED),
            "INSERT INTO o SELECT id, name, price FROM s;",
        )
    assert caught.value.code == "connector.row-refused"
    assert "`name` is NULL" in caught.value.message
    assert postgres.rows() == []


def test_a_message_larger_than_the_sink_topic_takes(flow: Flow) -> None:
    rows = jsons([{"id": 1, "v": "a"}, {"id": 2, "v": "x" * 50_000}, {"id": 3, "v": "c"}])
    topic = flow.topic("in", *rows)
    out = flow.topic("out", max_message_bytes="10000")
    columns = "id BIGINT, v STRING"
    progress = flow.run(
        flow.kafka("s", columns, topic),
        flow.kafka("o", columns, out),
        "INSERT INTO o SELECT id, v FROM s;",
    )
    assert [row["id"] for row in flow.rows(out)] == [1, 3]
    assert (progress.rows_in, progress.rows_out, progress.dead_letters) == (3, 2, 1)
    (letter,) = flow.letters()
    assert (letter["code"], letter["table"]) == ("connector.too-large", "o")
    assert f"`{out}`" in letter["message"]
    assert json.loads(letter["value"])["id"] == 2


def test_null_for_a_not_null_column_of_the_sink(flow: Flow) -> None:
    topic = flow.topic("in", *jsons([{"id": 1, "v": "a"}, {"id": 2, "v": None}]))
    out = f"{flow.name}-out"
    progress = flow.run(
        flow.kafka("s", "id BIGINT, v STRING", topic),
        flow.kafka("o", "id BIGINT, v STRING NOT NULL", out),
        "INSERT INTO o SELECT id, v FROM s;",
    )
    assert flow.rows(out) == [{"id": 1, "v": "a"}]
    assert (progress.rows_out, progress.dead_letters) == (1, 1)
    (letter,) = flow.letters()
    assert letter["code"] == "engine.null-in-not-null-column"
    assert "`v`" in letter["message"]
