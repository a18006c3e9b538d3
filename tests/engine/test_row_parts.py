"""ROWs of which only some fields were read become whole ROWs again, with NULLs."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tidemill.engine.row_parts import has_fewer_fields, with_all_fields

INNER = pa.struct([("x", pa.int8()), ("y", pa.string())])
WHOLE = pa.struct(
    [("a", pa.int64()), ("b", pa.string()), ("c", INNER), ("d", pa.list_(pa.int32()))]
)
PART = pa.struct([("c", pa.struct([("y", pa.string())])), ("b", pa.string())])
ROWS = [{"c": {"y": "p"}, "b": "q"}, None, {"c": None, "b": None}, {"c": {"y": "r"}, "b": ""}]


def expected(rows: list[dict[str, object] | None]) -> list[dict[str, object] | None]:
    none: dict[str, object] = {"a": None, "b": None, "c": None, "d": None}
    found: list[dict[str, object] | None] = []
    for row in rows:
        inner = row and row["c"]
        whole = None if inner is None else {"x": None, **inner}  # type: ignore[dict-item]
        found.append(None if row is None else {**none, "b": row["b"], "c": whole})
    return found


@pytest.mark.parametrize(("start", "length"), [(0, 4), (1, 3), (2, 1), (4, 0)])
def test_missing_fields_are_null(start: int, length: int) -> None:
    rows = pa.array(ROWS, PART).slice(start, length)
    made = with_all_fields(rows, WHOLE)
    made.validate(full=True)
    assert made.type == WHOLE
    assert made.to_pylist() == expected(ROWS[start : start + length])


def test_missing_fields_share_their_memory() -> None:
    rows = pa.array([{"b": "x"}] * 100_000, pa.struct([("b", pa.string())]))
    wide = pa.struct([("b", pa.string()), *((f"n{i}", pa.string()) for i in range(100))])
    assert pa.table([with_all_fields(rows, wide)], ["r"]).get_total_buffer_size() < 2_000_000


@pytest.mark.parametrize(
    ("given", "fewer"),
    [
        (PART, True),
        (WHOLE, False),
        (pa.struct([("b", pa.int64())]), False),
        (pa.struct([("z", pa.string())]), False),
        (pa.struct([("c", pa.struct([("z", pa.int8())]))]), False),
        (pa.string(), False),
    ],
)
def test_what_counts_as_fewer_fields(given: pa.DataType, fewer: bool) -> None:
    assert has_fewer_fields(given, WHOLE) == fewer
