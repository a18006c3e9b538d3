"""Columns that pass a kernel untouched are the same as DuckDB's."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tidemill.engine.kernel import Kernel

ROWS = pa.table(
    {
        "c0": pa.array([1, None, 3, 4], pa.int64()),
        "c1": pa.array(["a", None, "ccc", ""], pa.string()),
        "c2": pa.array([1, 2, None, 4], pa.timestamp("us")),
        "c3": pa.array([[1], None, [], [2, None]], pa.list_(pa.int32())),
        "c4": pa.array(["x", "y", None, "z"]).dictionary_encode(),
    }
)
QUERIES = [
    'SELECT "c1" AS "a", "c0", "c3", "c2" FROM "t"',
    'SELECT "c1" AS "a", "c0" + 1 AS "b", "c3" FROM "t"',
    'SELECT *, "c0" + 1 AS "n" FROM (SELECT "c1" AS "x", "c0" FROM "t") AS t',
    'SELECT "c4", "c0" FROM "t"',
    'SELECT "c0" AS "a", "c0" AS "b" FROM "t"',
    'SELECT "c1" FROM "t" WHERE "c0" > 1',
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "table", [ROWS, ROWS.slice(1, 2), pa.concat_tables([ROWS, ROWS.slice(2)]), ROWS.slice(0, 0)]
)
def test_a_query_gives_what_duckdb_gives(query: str, table: pa.Table) -> None:
    kernel = Kernel()
    made = [kernel.run(query, "t", table) for _ in range(2)]
    plain = Kernel()
    plain.run('SELECT 1 FROM "t" LIMIT 0', "t", table)
    expected = plain._connection.sql(query).to_arrow_table()
    assert made == [expected, expected]
    assert all(column.num_chunks <= 1 for column in made[0].columns)


def test_a_row_that_cannot_be_computed_still_raises() -> None:
    kernel = Kernel()
    query = 'SELECT "c1", CAST("c1" AS BIGINT) AS "n" FROM "t"'
    with pytest.raises(Exception, match="Could not convert"):
        kernel.run(query, "t", ROWS)
    right = pa.table({name: ROWS.column(name).slice(0, 0) for name in ROWS.column_names})
    assert kernel.run(query, "t", right).num_rows == 0
