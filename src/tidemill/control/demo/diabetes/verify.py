"""The same computed a second way beside what came out at every place, by DuckDB.

The example's `sql/verify.sql` computes it: scaled patients from the file that went to the lake,
probabilities from the coefficients on the models' cards; nothing of the pipelines is used.
Guarantees: a patient lost, doubled, or with another value (beyond 1e-12 for scaled values, 1e-5 for
probabilities, which models give as FLOAT) at any place is found and shown.
Non-guarantees: patients changed by hand show as differences until the change has come through.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from tidemill.control.demo.diabetes.data import COLUMNS
from tidemill.control.demo.diabetes.stream import DEAD_LETTERS, MERGED
from tidemill.control.demo.model import Comparison
from tidemill.control.lake.query import query_lake
from tidemill.control.topics import Cluster, list_topics, read_topic

PLACES = ("the lake", "the warehouse", "sink_diabetes", "predictions")
_NUMBER = ("patient_id", pa.int64())
_MEASURED = pa.schema([_NUMBER, *((ours, kind) for _, ours, kind in COLUMNS if ours != "outcome")])
_SCALED = pa.schema([_NUMBER, *((ours, pa.float64()) for _, ours, _ in COLUMNS)])
_PREDICTED = pa.schema(
    [_NUMBER, ("probability", pa.float64()), ("prediction", pa.int64()),
     ("model_version", pa.int64())]
)  # fmt: skip
_MODEL = pa.schema(
    [("model_version", pa.int64()), ("name", pa.string()), ("weight", pa.float64()),
     ("low", pa.float64()), ("high", pa.float64()), ("intercept", pa.float64())]
)  # fmt: skip


def compare(folder: Path, connection: psycopg.Connection[Any]) -> tuple[Comparison, ...]:
    """Each place beside the same computed again."""
    given = {
        "history": pq.read_table(folder / "data" / "patients.parquet"),
        "in_lake": query_lake("SELECT * FROM scaled", folder).table,
        "in_warehouse": _table(connection, b"SELECT * FROM warehouse.patients", _SCALED),
        "patients": _table(connection, b"SELECT * FROM public.diabetes_new", _MEASURED),
        "predictions": _table(connection, b"SELECT * FROM public.diabetes_prediction", _PREDICTED),
        "merged": pa.Table.from_pylist(_merged(folder), _MEASURED),
        "model": pa.Table.from_pylist(_model(folder), _MODEL),
    }
    with duckdb.connect() as db:
        for name, table in given.items():
            db.register(name, table)
        db.execute((folder / "sql" / "verify.sql").read_text(encoding="utf-8"))
        found = [_place(db, place) for place in PLACES]
        incomplete = given["patients"].num_rows - _count(db, "SELECT count(*) FROM complete")
    return (*found, _dead_letters(folder, incomplete))


def _place(db: duckdb.DuckDBPyConnection, place: str) -> Comparison:
    wanted = "SELECT count(DISTINCT patient_id) FROM wanted WHERE place = $place"
    rows = db.execute(
        "SELECT patient_id, name, why FROM difference WHERE place = $place ORDER BY ALL",
        {"place": place},
    ).fetchall()
    differences = tuple(f"patient {number}: {name} {why}" for number, name, why in rows)
    return Comparison(f"patients in {place}", _count(db, wanted, place=place), differences)


def _count(db: duckdb.DuckDBPyConnection, query: str, **parameters: str) -> int:
    row = db.execute(query, parameters).fetchone()
    assert row is not None
    return int(row[0])


def _dead_letters(folder: Path, incomplete: int) -> Comparison:
    """Each incomplete patient has a dead letter."""
    cluster = Cluster(folder)
    there = any(topic.name == DEAD_LETTERS for topic in list_topics(cluster))
    found = sum(1 for _ in read_topic(cluster, DEAD_LETTERS)) if there else 0
    differences = () if found >= incomplete else (f"there are {found} dead letters",)
    return Comparison("incomplete patients, set aside", incomplete, differences)


def _merged(folder: Path) -> list[dict[str, Any]]:
    """The topic's last message of each patient."""
    last: dict[int, dict[str, Any] | None] = {}
    for record in read_topic(Cluster(folder), MERGED):
        number = json.loads(record.key or b"{}")["patient_id"]
        last[number] = json.loads(record.value) if record.value else None
    return [
        {"patient_id": number, **value["information"]}
        for number, value in last.items()
        if value is not None
    ]


def _model(folder: Path) -> list[dict[str, Any]]:
    """The coefficients of all models so far."""
    cards = json.loads((folder / "models" / "diabetes.json").read_text(encoding="utf-8"))
    return [
        {"model_version": card["version"], "name": name, "weight": weight,
         "low": card["low"][name], "high": card["high"][name], "intercept": card["intercept"]}
        for card in cards
        for name, weight in card["coefficients"].items()
    ]  # fmt: skip


def _table(connection: psycopg.Connection[Any], query: bytes, schema: pa.Schema) -> pa.Table:
    cursor = connection.execute(query)
    names = [column.name for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return pa.Table.from_pylist(rows, schema)
