"""Rows that cannot be computed fail with a declared code and the value that did it."""

from __future__ import annotations

from typing import Any

import pytest

from tidemill.errors import CATALOGUE


@pytest.mark.parametrize(
    ("sql", "code", "value"),
    [
        ("CAST('4x' AS INT)", "engine.bad-cast", "4x"),
        ("CAST('' AS BIGINT)", "engine.bad-cast", ""),
        ("CAST('2147483648' AS INT)", "engine.bad-cast", "2147483648"),
        ("CAST('nope' AS BOOLEAN)", "engine.bad-cast", "nope"),
        ("CAST('1,5' AS DOUBLE)", "engine.bad-cast", "1,5"),
        ("CAST('12345678901' AS DECIMAL(10, 2))", "engine.bad-cast", "12345678901"),
        ("CAST('2021/09/27' AS DATE)", "engine.bad-cast", "2021/09/27"),
        ("CAST('2021-09-27T12:34:56' AS TIMESTAMP(3))", "engine.bad-cast", "2021-09-27T12"),
        ("CAST('25:00:00' AS TIME)", "engine.bad-cast", "25:00:00"),
        ("id / (id - id)", "engine.division-by-zero", "0"),
        ("MOD(5, id)", "engine.division-by-zero", "5"),
        ("CAST(1.5 AS DECIMAL(5, 2)) / id", "engine.division-by-zero", "1.50"),
        ("ELEMENT(ARRAY[1, 2])", "engine.invalid-argument", ""),
        ("TO_DATE('x', 'dd/MM/yyyy')", "engine.bad-cast", "x"),
        ("JSON_VALUE('{\"a\": 1e3}', '$.a' RETURNING INT)", "engine.bad-cast", "1E+3"),
        ("JSON_VALUE('{}', 'lax $.a' ERROR ON EMPTY)", "engine.invalid-argument", "{}"),
        ("JSON_OBJECT('a' VALUE JSON('x'))", "engine.invalid-argument", "x"),
        ("FROM_BASE64('a')", "engine.invalid-argument", "a"),
        ("SHA2('a', id)", "engine.invalid-argument", "0"),
        ("REGEXP_COUNT('é', CONCAT('\\b', 'é'))", "engine.invalid-argument", "é"),
    ],
)
def test_a_failed_row_says_its_code_and_value(
    evaluator: Any, sql: str, code: str, value: str
) -> None:
    message = evaluator.one(sql)
    assert f"[{code}]" in message
    assert code in CATALOGUE
    assert value in message


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("TRY_CAST('4x' AS INT)", None),
        ("TO_DATE('31/02/2021', 'dd/MM/yyyy')", "2021-03-03"),
        ("UNIX_TIMESTAMP('2021-02-30 10:00:00')", "1614679200"),
        ("CAST(CAST(NULL AS STRING) AS INT)", None),
        ("CAST(NULL AS INT) / 0", None),
        ("CAST(1 AS DOUBLE) / 0", "inf"),
        ("id <> 0 AND 10 / id > 1", "false"),
        ("id = 0 OR 10 / id > 1", "true"),
        ("CASE WHEN id = 0 THEN -1 ELSE 10 / id END", "-1"),
        ("COALESCE(id, 10 / id)", "0"),
        ("IF(id = 0, 0, MOD(7, id))", "0"),
    ],
)
def test_what_is_not_reached_does_not_fail(evaluator: Any, sql: str, expected: str | None) -> None:
    assert evaluator.one(sql) == expected


def test_a_quote_in_a_value_stays_a_value(evaluator: Any) -> None:
    assert evaluator.one("CONCAT('it''s', ' -- \"x\"; ', '\\')") == 'it\'s -- "x"; \\'
    assert evaluator.one("DATE_FORMAT(TIMESTAMP '2021-01-02 03:04:05', '''%Y'' yyyy')") == "%Y 2021"


def test_random_numbers_may_be_added(evaluator: Any) -> None:
    assert evaluator.one("RAND_INTEGER(1) + 1") == "1"
    assert evaluator.one("CAST(RAND() * 0 AS INT) + id") == "0"
    assert "[engine.division-by-zero]" in evaluator.one("5 / id + 1")
