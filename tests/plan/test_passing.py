"""Which columns of a query are the batch's own."""

from __future__ import annotations

import pytest

from tidemill.plan.passing import passing


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ('SELECT "c1" AS "a", "c0" FROM "s0"', {"a": "c1", "c0": "c0"}),
        ('SELECT "c0", "c1" + 1 AS "b" FROM "s0"', {"c0": "c0", "b": None}),
        (
            'SELECT "x" AS "y", "z" FROM (SELECT "c0" AS "x", "c1" + 1 AS "z" FROM "s0") AS t',
            {"y": "c0", "z": None},
        ),
        ('SELECT *, 1 AS "n" FROM (SELECT "c0" FROM "s0") AS t', {"c0": "c0", "n": None}),
    ],
)
def test_columns_that_pass(query: str, columns: dict[str, str | None]) -> None:
    found = passing(query, "s0")
    assert found is not None
    assert dict(found.columns) == columns


@pytest.mark.parametrize(
    "query",
    [
        'SELECT "c0" FROM "s0" WHERE "c1"',
        'SELECT "c0" FROM "s0" GROUP BY 1',
        'SELECT DISTINCT "c0" FROM "s0"',
        'SELECT "c0" FROM "s0" ORDER BY 1',
        'SELECT "c0" FROM "s0" LIMIT 1',
        'SELECT "c0" FROM "s0", "s1"',
        'SELECT "c0" FROM "s1"',
        'SELECT "c0" FROM "s0" UNION ALL SELECT "c0" FROM "s0"',
        'SELECT "c0", UNNEST("c1") AS "e" FROM "s0"',
        'SELECT "c0", ROW_NUMBER() OVER (ORDER BY "c1") AS "n" FROM "s0"',
        'SELECT "c0" FROM (SELECT "c0" FROM "s0" WHERE "c1") AS t',
        'SELECT "c0" FROM (SELECT "c0", UNNEST("c1") AS "e" FROM "s0") AS t',
        'SELECT "c0" + 1 AS "a" FROM "s0"',
        'SELECT COUNT(*) AS "n" FROM "s0"',
        'SELECT * FROM "s0"',
        'WITH "r" AS (SELECT "c0" FROM "s0") SELECT "c0" FROM "r"',
    ],
)
def test_rows_that_change_pass_nothing(query: str) -> None:
    assert passing(query, "s0") is None


def test_what_is_computed_stays_a_query() -> None:
    found = passing('SELECT "c0", "c1" + 1 AS "b", "z" FROM (SELECT * , 2 AS "z" FROM '
                    '(SELECT "c0", "c1" FROM "s0") AS t) AS t', "s0")  # fmt: skip
    assert found is not None
    assert found.computing({"b", "z"}) == (
        'SELECT "c1" + 1 AS "b", "z" FROM (SELECT *, 2 AS "z" FROM '
        '(SELECT "c0", "c1" FROM "s0") AS t) AS t'
    )
