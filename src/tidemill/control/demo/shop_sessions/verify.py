"""Are the shop's results right? All of it computed again in one batch, by DuckDB over the objects.

Guarantees: an object that was not announced or announced twice, a session, a product of a session
or a prediction that is missing, doubled or has any other value (probabilities: beyond 1e-9) is
found.
Late events, which the pipelines keep aside, are left out where a pipeline left them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tidemill.control.demo.model import Comparison
from tidemill.control.demo.rows import compare_tables, sink_rows, topic_rows
from tidemill.control.demo.shop_sessions.objects import BRONZE, read_bronze
from tidemill.control.object_stores import open_project_store
from tidemill.control.topics import Cluster, read_topic
from tidemill.project import load_project
from tidemill.records import dataclass

KINDS = ("training_data", "testing_data")
SINKS = ("session_products", "processed_data", "lake_sessions", "arrivals")
_LATE = (
    ("shop_sessions", "training_data"),
    ("shop_sessions", "testing_data"),
    ("purchase_model", "testing_data"),
)
_COMPARED = (
    ("finished sessions in Postgres", "expected_session", "processed_data"),
    ("the same as Parquet in the lake", "expected_session", "lake_sessions"),
    ("products of sessions in Redis", "expected_product", "session_products"),
    ("predictions of the model on the stream", "expected_prediction", "predictions"),
)
_ID = pa.schema([("event_id", pa.int64())])
_PREDICTION = pa.schema(
    [
        ("event_id", pa.int64()), ("event_time", pa.string()), ("user_session", pa.string()),
        ("product_id", pa.int64()), ("probability", pa.float64()),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShopResults:
    """What was compared, and the numbers that are shown."""

    comparisons: tuple[Comparison, ...]
    facts: Mapping[str, Any]
    funnel: tuple[tuple[str, int], ...]
    deciles: tuple[tuple[float, float, int], ...]
    """By probability: the mean predicted, the share that was bought, how many."""
    hashes: tuple[Mapping[str, Any], ...]
    """A few products of one session, as they stand in Redis."""


class Batch:
    """Everything computed again, from the objects that stood in the bucket when it was made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bronze = read_bronze(folder)
        self._variables = load_project(folder).settings.variables

    def due(self) -> tuple[int, int]:
        """How many sessions are finished and how many predictions are there to be."""
        with self._computed() as connection:
            sessions, predictions = _one(
                connection,
                "SELECT (SELECT count(*) FROM expected_session),"
                " (SELECT count(*) FROM expected_prediction)",
            )
            return int(sessions), int(predictions)

    def verify(self) -> ShopResults:
        """Compare everything that the pipelines have written."""
        folder = self._folder
        sinks = sink_rows(folder, "shop_sessions", SINKS)
        with self._computed() as connection:
            for name, rows in sinks.items():
                connection.register(name, rows)
            predictions = topic_rows(folder, "purchase_predictions", _PREDICTION)
            connection.register("predictions", predictions)
            comparisons = (
                *(_announced(folder, kind, sinks["arrivals"]) for kind in KINDS),
                *(compare_tables(connection, *names) for names in _COMPARED),
            )
            return _results(connection, folder, comparisons)

    @contextmanager
    def _computed(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect()
        try:
            clock_max = self._variables["clock_max"]
            connection.execute("SET VARIABLE clock_max = ?", [str(clock_max)])
            connection.register("training_object", self._bronze.training)
            connection.register("testing_object", self._bronze.testing)
            connection.register("late_event", _late(self._folder))
            _register_model(connection, self._folder)
            script = (self._folder / "sql" / "verify.sql").read_text()
            for statement in connection.extract_statements(script):
                connection.execute(statement.query)
            yield connection
        finally:
            connection.close()


def _late(folder: Path) -> pa.Table:
    """The events that a pipeline kept aside as late."""
    parts = []
    for pipeline, table in _LATE:
        rows = topic_rows(folder, f"{pipeline}.{table}.late", _ID)
        name = pa.array([pipeline] * rows.num_rows, pa.string())
        parts.append(rows.append_column("pipeline", name))
    return pa.concat_tables(parts)


def _register_model(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    model = json.loads((folder / "models" / "purchase.json").read_text())
    weights = {key: [f[key] for f in model["features"]] for key in ("name", "weight", "log")}
    connection.register("model", pa.table({"feature": weights.pop("name"), **weights}))
    connection.execute("SET VARIABLE bias = ?::DOUBLE", [model["bias"]])


def _announced(folder: Path, kind: str, arrivals: pa.Table) -> Comparison:
    """Each object of the bucket has been told of once, and counted by the pipeline."""
    store, _ = open_project_store(BRONZE, folder)
    try:
        there = sorted(f"bronze/{info.key}" for info in store.list(f"{kind}/"))
    finally:
        store.close()
    told = sorted(
        json.loads(record.value)["Key"]
        for record in read_topic(Cluster(folder), f"{kind}_streaming")
        if record.value is not None
    )
    differences = tuple(f"object {key}" for key in sorted(set(there) ^ set(told))[:5])
    if not differences and there != told:
        differences = (f"{len(told)} events for {len(there)} objects",)
    counted = {row["kind"]: row["objects"] for row in arrivals.to_pylist()}
    if counted.get(kind) != len(there):
        differences += (f"the pipeline counted {counted.get(kind)} of {len(there)} objects",)
    return Comparison(f"objects in bronze/{kind}, each announced once", len(told), differences)


def _results(
    connection: duckdb.DuckDBPyConnection, folder: Path, comparisons: tuple[Comparison, ...]
) -> ShopResults:
    funnel = connection.execute(
        "SELECT kind, n FROM (SELECT count(*) AS a, count(*) FILTER (carts > 0) AS b,"
        " count(*) FILTER (purchases > 0) AS c FROM processed_data)"
        " CROSS JOIN LATERAL (VALUES ('sessions', a), ('with a cart', b), ('with a purchase', c))"
        " AS v(kind, n)"
    ).fetchall()
    deciles = connection.execute(
        "SELECT avg(probability), avg(bought::INT), count(*) FROM"
        " (SELECT *, ntile(10) OVER (ORDER BY probability, event_id) AS part FROM outcome)"
        " GROUP BY part ORDER BY part"
    ).fetchall()
    one = connection.execute(
        "SELECT * FROM session_products WHERE user_session = (SELECT user_session"
        " FROM session_products GROUP BY 1 ORDER BY sum(purchases) DESC, count(*), 1 LIMIT 1)"
        " ORDER BY product_id LIMIT 3"
    )
    columns = [column[0] for column in one.description]
    hashes = tuple(dict(zip(columns, row, strict=True)) for row in one.fetchall())
    names = ("events", "clean", "late", "filtered", "testing_objects")
    counts = _one(
        connection,
        "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM clean),"
        " (SELECT count(*) FROM late_event WHERE pipeline = 'shop_sessions'),"
        " (SELECT count(*) FROM event) - (SELECT count(*) FROM clean),"
        " (SELECT count(*) FROM testing_object)",
    )
    facts: dict[str, Any] = dict(zip(names, counts, strict=True))
    model = json.loads((folder / "models" / "purchase.json").read_text())
    facts["model"] = {key: model[key] for key in ("rows", "bought", "auc_held_back")}
    facts["auc_on_stream"] = _auc(connection)
    return ShopResults(comparisons, facts, tuple(funnel), tuple(deciles), hashes)


def _auc(connection: duckdb.DuckDBPyConnection) -> float | None:
    """How often the model gave a cart that was bought more than one that was not."""
    (found,) = _one(
        connection,
        "WITH r AS (SELECT bought, avg(i) OVER (PARTITION BY probability) AS rank FROM"
        " (SELECT *, row_number() OVER (ORDER BY probability) AS i FROM outcome)),"
        " c AS (SELECT count(*) FILTER (bought) AS n, count(*) FILTER (NOT bought) AS m,"
        " sum(rank) FILTER (bought) AS s FROM r)"
        " SELECT CASE WHEN n > 0 AND m > 0 THEN (s - n * (n + 1) / 2) / (n * m) END FROM c",
    )
    return None if found is None else round(float(found), 4)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None, "an aggregate gives one row"
    return row
