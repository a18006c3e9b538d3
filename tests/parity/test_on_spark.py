"""The corpus on a real Spark, against the golden files that Flink wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from corpus import Case, cases
from spark_case import SparkQuery, queries

from tidemill.control.environments import ensure_environment
from tidemill.control.parity.compare import compare
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.parity.on_spark import SparkSession
from tidemill.runners.flink import Gateway, cut
from tidemill.services.install import install

FULL = bool(os.environ.get("TIDEMILL_PARITY_FULL"))
"""Every query that Spark takes, as `make parity` does; else a slice."""

SLICE = frozenset(
    (
        "aggregates/sum_avg-1",
        "functions/collections-1",
        "joins/inserts-1",
        "joins/inserts-5",
        "joins/interval-1",
        "joins/subqueries-1",
        "sets/bounded-1",
        "sets/limits-2",
        "streams/distinct-1",
        "streams/top_n-1",
    )
)
LATE = {
    "aggregates/in_windows": "rows are late",
    "windows": "rows are late",
    "streams/nested": "windows of rows that are late",
    "streams/window_top_n": "rows are late",
}
"""Cases with late rows: over bounded input Spark has none, as Flink in its batch mode."""


def _taken() -> list[SparkQuery]:
    wanted = {name.rpartition("-")[0] for name in SLICE}
    found = [q for c in cases() if (FULL or str(c) in wanted) and not _late(c) for q in queries(c)]
    return [query for query in found if FULL or str(query) in SLICE]


def _late(case: Case) -> bool:
    return str(case) in LATE or case.path.parent.name in LATE


TAKEN = _taken()
BATCH_SLICE = frozenset(("windows/hop-1", "windows/group_window-1"))


def _timed() -> list[SparkQuery]:
    wanted = {name.rpartition("-")[0] for name in BATCH_SLICE}
    found = [q for c in cases() if (FULL or str(c) in wanted) and _late(c) for q in queries(c)]
    return [query for query in found if FULL or str(query) in BATCH_SLICE]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark for all queries."""
    ensure_environment("spark")
    install(["spark"])
    session = SparkSession(tmp_path_factory.mktemp("spark"))
    try:
        yield session
    finally:
        session.close()


@pytest.mark.servers
@pytest.mark.parametrize("query", TAKEN, ids=str)
def test_spark_gives_flinks_rows(query: SparkQuery, spark: SparkSession) -> None:
    assert query.differences(spark) == []


@pytest.mark.servers
@pytest.mark.parametrize("query", _timed(), ids=str)
def test_late_rows_count_as_in_flinks_batch_mode(
    query: SparkQuery, spark: SparkSession, flink: Gateway
) -> None:
    batch = {"execution.runtime-mode": "batch"}
    script = cut(query.case.text, str(query.case), query.case._for_flink)
    expected = run_on_flink(flink, script, batch)[query.number]
    assert compare(query.on(spark), expected, ("Spark", "Flink")).lines("Spark", "Flink") == []


def test_the_slice_is_taken() -> None:
    """Each query of the slice is one that Spark still takes."""
    assert {str(query) for query in TAKEN} >= SLICE
