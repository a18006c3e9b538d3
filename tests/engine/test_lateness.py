"""What the counts of lateness promise is what another watermark delay really gives."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import kit
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as laws
from hypothesis import strategies as st

from tidemill.engine.counters import Counters
from tidemill.engine.lateness import BOUNDS_MS, count_late, late_within
from tidemill.plan import PhysicalPlan

WINDOWS = (
    "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' SECOND)",
    "HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)",
    "CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)",
)


@lru_cache
def plan(delay_ms: int, window: str) -> PhysicalPlan:
    return kit.plan_of(
        f"""
        CREATE TABLE t (ts TIMESTAMP(3), k INT,
          WATERMARK FOR ts AS ts - INTERVAL '{delay_ms / 1000}' SECOND(3))
        WITH ('connector' = 'memory');
        CREATE TABLE w (n BIGINT) WITH ('connector' = 'memory');
        INSERT INTO w SELECT COUNT(*) FROM TABLE({window}) WHERE k > 0
          GROUP BY window_start, window_end;
        """
    )


def counts(
    times_ms: list[int],
    delay_ms: int,
    window: str,
    *,
    partitions: int = 2,
    cuts: Sequence[int] = (),
) -> dict[str, int]:
    parts = {
        name: kit.Partition(
            pa.RecordBatch.from_pydict(
                {"ts": pa.array([t * 1000 for t in part], pa.timestamp("us")),
                 "k": pa.array([t % 3 for t in part], pa.int32())}
            ),
            None,
            cuts,
        )
        for name, part in ((str(n), times_ms[n::partitions]) for n in range(partitions))
    }  # fmt: skip
    world = kit.World({"t": parts}, [kit.Group("main", ("w",))])
    with tempfile.TemporaryDirectory() as folder:
        settings = kit.one_batch_at_a_time()
        engine = world.engine(plan(delay_ms, window), Path(folder), settings=settings)
        engine.run("finished")
        return dict(engine.progress().counters)


@laws(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, 20_000), min_size=5, max_size=40),
    st.sampled_from(WINDOWS),
    st.sampled_from([1, 500, 1_000, 2_000, 5_000, 10_000]),
)
def test_a_bound_promises_what_a_run_with_that_delay_gives(
    times_ms: list[int], window: str, more_ms: int
) -> None:
    before = counts(times_ms, 1_000, window)
    after = counts(times_ms, 1_000 + more_ms, window)
    measured = late_within(before, "t")
    assert sum(measured.values()) == before.get("source.t.late", 0)
    promised = sum(n for bound, n in measured.items() if bound is not None and bound <= more_ms)
    assert before.get("source.t.late", 0) - after.get("source.t.late", 0) == promised


def test_lateness_does_not_depend_on_batches() -> None:
    times = [9_000, 100, 200, 8_000, 12_000, 5, 7_000, 3_000, 11_000, 1, 2]
    whole = late_within(counts(times, 0, WINDOWS[0], partitions=1), "t")
    assert whole
    cut = counts(times, 0, WINDOWS[0], partitions=1, cuts=range(len(times)))
    assert late_within(cut, "t") == whole


@pytest.mark.parametrize(
    ("behind_us", "bound"),
    [(1, 1), (1_000, 1), (1_001, 2), (5_000_000, 5_000), (5_000_001, 7_000), (10**15, None)],
)
def test_a_row_counts_under_the_least_bound_that_saves_it(
    behind_us: int, bound: int | None
) -> None:
    counters = Counters()
    count_late(counters, "a.b", np.array([behind_us]))
    assert late_within(counters.copy(), "a.b") == {bound: 1}
    assert late_within(counters.copy(), "b") == {}


def test_bounds_ascend() -> None:
    assert list(BOUNDS_MS) == sorted(set(BOUNDS_MS))
