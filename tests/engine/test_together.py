"""Batches that go to a sink as one: the same rows in the same order, in fewer batches."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine import together as module
from tidemill.engine.together import together
from tidemill.model import Batch

writes = st.lists(
    st.tuples(st.sampled_from(("a", "b")), st.lists(st.integers(0, 9), max_size=5), st.booleans()),
    max_size=12,
)


def _batch(values: list[int], changes: bool) -> Batch:
    rows = pa.record_batch({"x": pa.array(values, pa.int64())})
    return Batch(rows, pa.array([0] * len(values), pa.int8()) if changes else None)


def _rows(batches: list[tuple[str, Batch]], table: str) -> list[tuple[int, bool]]:
    return [
        (x, batch.kinds is not None)
        for name, batch in batches
        if name == table
        for x in batch.rows["x"].to_pylist()
    ]


@given(writes, st.integers(1, 12))
def test_rows_keep_their_order_and_kinds(
    parts: list[tuple[str, list[int], bool]], most: int
) -> None:
    before = [(table, _batch(values, changes)) for table, values, changes in parts]
    limit, module.ROWS_TOGETHER = module.ROWS_TOGETHER, most
    try:
        after = together(before)
    finally:
        module.ROWS_TOGETHER = limit
    for table in ("a", "b"):
        assert _rows(after, table) == _rows(before, table)
    assert all(batch.kinds is None or len(batch.kinds) == len(batch) for _, batch in after)
    assert all(len(batch) <= max(most, 5) for _, batch in after)


def test_small_batches_become_one_and_a_large_one_is_not_copied() -> None:
    large = _batch(list(range(module.ROWS_TOGETHER)), changes=False)
    small = [("a", _batch([n], changes=False)) for n in range(300)]
    found = together([("a", large), *small])
    assert [len(batch) for _, batch in found] == [module.ROWS_TOGETHER, 300]
    assert found[0][1] is large
