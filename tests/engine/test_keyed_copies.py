"""A state that is copied in many pieces is the same state: in a checkpoint, and when swept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine.kernel import Kernel
from tidemill.engine.state import keyed, row_log
from tidemill.engine.state.hash_index import EMPTY
from tidemill.engine.state.keyed import KeyedState

SCHEMA = pa.schema([("k", pa.int64()), ("v", pa.string())])
Blocks = dict[int, int]
"""How many rows each key has."""


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return Kernel()


def _put(state: KeyedState, blocks: Blocks, text: str, now_ms: int) -> None:
    heads = pa.table({"k": pa.array([*blocks], pa.int64())})
    keys = [key for key, rows in blocks.items() for _ in range(rows)]
    texts = [f"{text} {key} {i}" for key, rows in blocks.items() for i in range(rows)]
    hashes = state.hashes(heads)
    ids = state.find(heads, hashes)
    ids[ids == EMPTY] = state.add(hashes[ids == EMPTY])
    rows = pa.table({"k": keys, "v": texts}, schema=SCHEMA)
    state.put(ids, rows, np.array([*blocks.values()]), now_ms)


def _content(state: KeyedState) -> dict[int, list[str]]:
    rows, _ = state.take(state.live())
    found: dict[int, list[str]] = {}
    for key, text in zip(*(rows.column(name).to_pylist() for name in "kv"), strict=True):
        found.setdefault(key, []).append(text)
    return found


@given(
    puts=st.lists(
        st.dictionaries(st.integers(0, 30), st.integers(1, 3), min_size=1), min_size=1, max_size=6
    ),
    piece=st.integers(1, 9),
    ttl_ms=st.sampled_from([0, 100]),
)
def test_checkpoints_and_sweeps_of_any_piece_keep_every_row(
    kernel: Kernel, puts: list[Blocks], piece: int, ttl_ms: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_log, "COPIED_AT_ONCE", piece)
        patch.setattr(keyed, "_SWEEP_ROWS_MIN", 2)
        state = KeyedState(kernel, "x", SCHEMA, ["k"], ttl_ms)
        deltas = []
        for number, blocks in enumerate(puts):
            _put(state, blocks, str(number), now_ms=number * 50)
            deltas.append(state.delta())
            state.settle()
        again = KeyedState(kernel, "x", SCHEMA, ["k"], ttl_ms)
        again.restore([delta for delta in deltas if delta is not None])
        whole = KeyedState(kernel, "x", SCHEMA, ["k"], ttl_ms)
        whole.restore([state.whole()])
    expected = {
        key: [f"{number} {key} {i}" for i in range(rows)]
        for number, blocks in enumerate(puts)
        for key, rows in blocks.items()
    }
    for copy in (state, again, whole):
        assert _content(copy) == expected
        assert _old(copy) == _old(state)


def _old(state: KeyedState) -> set[int]:
    """The keys that have outlived their time at 200 ms."""
    ids = state.expired(200)
    return set(state.take(ids)[0].column("k").to_pylist())
