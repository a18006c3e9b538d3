"""What is shown while it runs: the rows that stand, and when showing them ends."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tidemill as tm
import tidemill.errors as tm_errors
from tidemill.api import live_display
from tidemill.api.live_display import Standing
from tidemill.api.result import Result
from tidemill.model import RowKind

SCHEMA = pa.schema([("k", pa.string()), ("n", pa.int64())])


def result(*changes: tuple[int, str, int]) -> Result:
    rows = pa.table({"k": [c[1] for c in changes], "n": [c[2] for c in changes]}, SCHEMA)
    kinds = pa.chunked_array([pa.array([c[0] for c in changes], pa.int8())])
    return Result(rows, kinds)


class Drawn(live_display.Screen):
    """What a notebook would draw."""

    frames: list[live_display.Frame] = []  # noqa: RUF012

    def __init__(self) -> None:
        self.frames.clear()

    def show(self, frame: live_display.Frame) -> None:
        self.frames.append(frame)


@pytest.fixture
def drawn(monkeypatch):
    monkeypatch.setattr(live_display, "Screen", Drawn)
    return Drawn.frames


@given(st.integers(0, 1000), st.integers(1, 60))
def test_the_rows_that_stand_are_those_of_the_whole_result(seed, count):
    source, counts, changes = random.Random(seed), {}, []
    for _ in range(count):
        key = source.choice("abc")
        old = counts.pop(key, None)
        if old is not None and source.random() < 0.2:
            changes.append((RowKind.DELETE, key, old))
            continue
        if old is not None:
            changes.append((RowKind.UPDATE_BEFORE, key, old))
        counts[key] = (old or 0) + 1
        kind = RowKind.INSERT if old is None else RowKind.UPDATE_AFTER
        changes.append((kind, key, counts[key]))
    standing = Standing(SCHEMA, appends=False, upsert=False)
    cut = source.randint(0, len(changes))
    for part in (changes[:cut], changes[cut:]):
        if part:
            standing.add(result(*part))
    shown = standing.frame("ended").table
    assert sorted(map(repr, shown.to_pylist())) == sorted(map(repr, result(*changes).rows()))


def test_an_update_stays_in_its_place():
    standing = Standing(SCHEMA, appends=False, upsert=False)
    standing.add(result((0, "a", 1), (0, "b", 1), (1, "a", 1), (2, "a", 2)))
    assert standing.frame("running").table.to_pydict() == {"k": ["a", "b"], "n": [2, 1]}
    assert standing.frame("running").title == "2 rows after 4 changes, running"


def test_a_query_is_shown_to_its_end(drawn):
    session = tm.Session()
    session.table("t", [{"k": "ab"[i % 2], "n": i} for i in range(40)])
    session.live("SELECT k, SUM(n) AS total FROM t GROUP BY k")
    rows = {row["k"]: row["total"] for row in drawn[-1].table.to_pylist()}
    assert rows == {"a": sum(range(0, 40, 2)), "b": sum(range(1, 40, 2))}
    assert drawn[-1].title.endswith("ended") and "<table" in drawn[-1]._repr_html_()
    session.table("t").select("n").live()
    assert drawn[-1].table["n"].to_pylist() == list(range(30, 40))
    assert drawn[-1].title == "40 rows, ended"


def test_an_endless_query_is_stopped_by_the_time_or_the_kernel(drawn, monkeypatch):
    session = tm.Session()
    session.sql(
        "CREATE TABLE t (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50')"
    )
    session.live("SELECT n FROM t", seconds=0.6, every_s=0.2)
    assert drawn[-1].title.endswith("stopped after 0.6 s") and len(drawn) > 1

    def interrupted(self, frame, show=Drawn.show):
        show(self, frame)
        if len(self.frames) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Drawn, "show", interrupted)
    session.live("SELECT n FROM t", every_s=0.1)
    assert drawn[-1].title.endswith("stopped")


def test_a_pipeline_is_shown_until_it_ends(drawn):
    session = tm.Session()
    session.sql("CREATE TABLE o (n BIGINT) WITH ('connector' = 'blackhole')")
    session.sql("CREATE TABLE t (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '9')")
    with session.table("t").to("o", name="shown_live").start("finished") as running:
        running.live(every_s=0.05)
    assert drawn[-1].title == "shown_live has ended"
    assert drawn[-1].table["rows_out"].to_pylist() == [9]


def test_a_notebook_shows_an_error_for_people_without_a_traceback():
    with pytest.raises(tm_errors.SqlError) as caught:
        tm.Session().sql("SELECT x FROM nowhere")
    shown = caught.value._render_traceback_()  # IPython asks for it by this name
    assert shown[0].startswith("error[sql.unknown-table]") and "^" in "".join(shown)
