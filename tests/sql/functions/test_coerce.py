"""Common types, casts and what may be stored."""

from __future__ import annotations

import pytest

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    NULL,
    STRING,
    TINYINT,
    decimal,
    timestamp,
    timestamp_ltz,
)
from tidemill.sql.expressions import Cast, InputRef, Literal
from tidemill.sql.functions.coerce import (
    assignment_cast,
    can_cast,
    can_store,
    cast_to,
    common_type,
    comparison_type,
)


def char(length: int) -> DataType:
    return DataType(TypeRoot.CHAR, length=length)


def varchar(length: int) -> DataType:
    return DataType(TypeRoot.VARCHAR, length=length)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (INT, BIGINT, BIGINT),
        (TINYINT, TINYINT, TINYINT),
        (INT, decimal(4, 2), decimal(12, 2)),
        (decimal(10, 2), decimal(8, 4), decimal(12, 4)),
        (decimal(38, 2), decimal(10, 8), decimal(38, 2)),
        (INT, FLOAT, FLOAT),
        (FLOAT, DOUBLE, FLOAT),
        (DOUBLE, FLOAT, DOUBLE),
        (decimal(4, 2), FLOAT, DOUBLE),
        (char(2), char(2), char(2)),
        (char(2), char(5), varchar(5)),
        (char(7), varchar(3), varchar(7)),
        (STRING, char(3), STRING),
        (timestamp(3), timestamp(6), timestamp(6)),
        (NULL, INT, INT),
        (NULL, NULL, None),
        (INT, STRING, None),
        (BOOLEAN, INT, None),
        (DATE, timestamp(3), None),
        (timestamp(3), timestamp_ltz(3), None),
        (
            DataType(TypeRoot.ARRAY, element=INT),
            DataType(TypeRoot.ARRAY, element=BIGINT),
            DataType(TypeRoot.ARRAY, element=BIGINT),
        ),
    ],
)
def test_common_type(left: DataType, right: DataType, expected: DataType | None) -> None:
    assert common_type((left, right)) == expected


def test_a_common_type_is_nullable_if_one_is() -> None:
    strict = INT.with_nullable(False)
    assert common_type((strict, strict)) == strict
    assert common_type((strict, INT)) == INT
    assert common_type((strict, NULL)) == INT


def test_comparison_reads_a_text_as_the_time_it_stands_beside() -> None:
    assert comparison_type(timestamp(3), STRING) == timestamp(3)
    assert comparison_type(STRING, DATE) == DATE
    assert comparison_type(timestamp(3), timestamp_ltz(6)) == timestamp(6)
    assert comparison_type(INT, STRING) is None


@pytest.mark.parametrize(
    ("source", "target", "fits"),
    [
        (INT, BIGINT, True),
        (BIGINT, INT, False),
        (INT, decimal(3, 0), True),
        (DOUBLE, decimal(10, 2), False),
        (DOUBLE, FLOAT, False),
        (FLOAT, DOUBLE, True),
        (decimal(10, 2), decimal(5, 1), True),
        (decimal(10, 2), DOUBLE, True),
        (STRING, varchar(3), True),
        (STRING, INT, False),
        (INT, STRING, False),
        (BYTES, STRING, False),
        (timestamp(9), timestamp(3), True),
        (timestamp(3), timestamp_ltz(3), True),
        (timestamp(3), DATE, False),
        (DATE, timestamp(3), True),
        (BOOLEAN, INT, False),
        (NULL, INT, True),
    ],
)
def test_what_a_sink_takes(source: DataType, target: DataType, fits: bool) -> None:
    assert can_store(source, target) is fits
    assert can_cast(source, target) or not fits


@pytest.mark.parametrize(
    ("source", "target"),
    [(INT, timestamp(3)), (timestamp(3), BIGINT), (DATE, INT), (BYTES, INT), (INT, BYTES)],
)
def test_casts_that_do_not_exist(source: DataType, target: DataType) -> None:
    assert not can_cast(source, target)


def test_cast_to_adds_nothing_where_only_nullability_differs() -> None:
    column = InputRef(0, "c", INT.with_nullable(False))
    assert cast_to(column, INT) is column
    assert cast_to(column, BIGINT) == Cast(column, BIGINT.with_nullable(False))
    assert cast_to(Literal(None, NULL), INT) == Literal(None, INT)


def test_strings_are_stored_as_they_are() -> None:
    column = InputRef(0, "c", STRING)
    assert assignment_cast(column, varchar(3)) is column
    assert assignment_cast(InputRef(0, "c", INT), BIGINT) == Cast(InputRef(0, "c", INT), BIGINT)
