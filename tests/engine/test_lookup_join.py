"""The lookup join over a table in memory: what is asked for, cached, forgotten and asked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.connectors import CONNECTORS
from tidemill.engine.clock import ManualClock
from tidemill.engine.counters import Counters
from tidemill.engine.kernel import Kernel
from tidemill.engine.operators.lookup_join import LookupJoin
from tidemill.formats import FORMATS
from tidemill.plan import build_plan
from tidemill.plan.operators.lookup_join import LookupJoinStage
from tidemill.sql import compile_script

KEYS = pa.schema([("j0", pa.int32()), ("j1", pa.string())])


class Table:
    """Rows (k, r, v), and which keys were asked for."""

    def __init__(self, rows: list[tuple[int, str, int]]) -> None:
        self.rows = rows
        self.asked: list[tuple[int, str]] = []

    def open(self, key_columns: Sequence[str], columns: Sequence[str]) -> None:
        assert (key_columns, list(columns)) == (("k", "r"), ["k", "r", "v"])

    def fetch(self, keys: pa.RecordBatch) -> pa.Table:
        asked = [tuple(row.values()) for row in keys.to_pylist()]
        assert len(set(asked)) == len(asked)
        self.asked += asked
        found = [(*row[:2], *row) for row in reversed(self.rows) if row[:2] in asked]
        types = [pa.int32(), pa.string(), pa.int32(), pa.string(), pa.int32()]
        columns = [pa.array([row[i] for row in found], type_) for i, type_ in enumerate(types)]
        return pa.table(columns, names=["k", "r", "k2", "r2", "v"])

    def close(self) -> None:
        pass


def stage(options: str = "", hint: str = "") -> LookupJoinStage:
    text = f"""CREATE TABLE l (k INT, r STRING, p AS PROCTIME()) WITH ('connector' = 'datagen');
        CREATE TABLE d (k INT, r STRING, v INT) WITH ('connector' = 'jdbc',
          'url' = 'jdbc:postgresql://h/d', 'table-name' = 'd'{options});
        SELECT {hint} l.k, d.v FROM l
        JOIN d FOR SYSTEM_TIME AS OF l.p ON l.k = d.k AND l.r = d.r;"""
    plan = build_plan(compile_script(text, "t", CONNECTORS, FORMATS), CONNECTORS, FORMATS)
    (made,) = plan.operators
    assert isinstance(made, LookupJoinStage)
    return made


class Joined:
    def __init__(self, table: Table, options: str = "", hint: str = "") -> None:
        self.table, self.clock, self.counters = table, ManualClock(0), Counters()
        self.operator = LookupJoin(
            stage(options, hint), Kernel(), KEYS, lambda: table, self.clock, self.counters
        )

    def __call__(self, keys: list[tuple[int | None, str | None]]) -> list[tuple[int, int]]:
        """The index of the row and the value, for each pair."""
        columns = [[key[i] for key in keys] for i in range(2)]
        given = pa.table(
            [pa.array(c, f.type) for c, f in zip(columns, KEYS, strict=True)], schema=KEYS
        )
        left, right, rows = self.operator.pairs(given)
        values = rows.column("v2").to_pylist()
        return [(int(a), values[b]) for a, b in zip(left, right, strict=True)]


ROWS = [(1, "a", 10), (1, "a", 11), (1, "b", 12), (2, "a", 20)]
PARTIAL = ", 'lookup.cache' = 'PARTIAL'"
KEY = st.tuples(st.sampled_from([None, 1, 2, 3]), st.sampled_from([None, "a", "b"]))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(KEY, max_size=8), max_size=6),
    st.sampled_from(["", PARTIAL, PARTIAL + ", 'lookup.partial-cache.max-rows' = '2'"]),
)
def test_every_row_meets_all_rows_of_its_key(batches, options: str) -> None:
    join = Joined(Table(ROWS), options)
    for keys in batches:
        wanted = Counter((i, v) for i, key in enumerate(keys) for k, r, v in ROWS if key == (k, r))
        got = join(keys)
        assert Counter(got) == wanted
        assert [i for i, _ in got] == sorted(i for i, _ in got)


def test_without_a_cache_each_different_key_of_a_batch_is_asked_for_once() -> None:
    join = Joined(Table(ROWS))
    for _ in range(2):
        join([(1, "a"), (1, "a"), (None, "a"), (3, "x")])
    assert sorted(join.table.asked) == [(1, "a"), (1, "a"), (3, "x"), (3, "x")]


def test_cached_keys_and_missing_ones_are_not_asked_for_again() -> None:
    join = Joined(Table(ROWS), PARTIAL)
    assert join([(1, "a"), (9, "x")]) == [(0, 11), (0, 10)]
    assert join([(9, "x"), (1, "a"), (2, "a")]) == [(1, 11), (1, 10), (2, 20)]
    assert sorted(join.table.asked) == [(1, "a"), (2, "a"), (9, "x")]
    counts = join.counters.copy()
    assert (counts["l0.lookup_hits"], counts["l0.lookup_misses"]) == (2, 3)


def test_a_missing_key_is_asked_for_again_where_that_is_wished() -> None:
    join = Joined(Table([]), PARTIAL + ", 'lookup.partial-cache.cache-missing-key' = 'false'")
    assert join([(9, "x")]) == []
    join.table.rows = [(9, "x", 1)]
    assert join([(9, "x")]) == [(0, 1)]


def test_rows_are_forgotten_after_their_time() -> None:
    for option, used_ms in (("write", 1000), ("access", 1500)):
        table = Table([(1, "a", 10)])
        join = Joined(table, f"{PARTIAL}, 'lookup.partial-cache.expire-after-{option}' = '1 s'")
        assert join([(1, "a")]) == [(0, 10)]
        table.rows = [(1, "a", 11)]
        join.clock.advance(500)
        assert join([(1, "a")]) == [(0, 10)]
        join.clock.advance(used_ms - 501)
        assert join([(1, "a")]) == [(0, 10)]
        join.clock.advance(1001)
        assert join([(1, "a")]) == [(0, 11)]


def test_the_longest_unused_key_goes_first_and_the_older_names_still_work() -> None:
    join = Joined(Table(ROWS), ", 'lookup.cache.max-rows' = '3', 'lookup.cache.ttl' = '1 h'")
    join([(1, "a")])
    join.clock.advance(1)
    join([(2, "a")])
    join.clock.advance(1)
    join([(1, "a")])
    join([(1, "b")])
    join.table.asked.clear()
    join([(1, "a"), (1, "b"), (2, "a")])
    assert join.table.asked == [(2, "a")]


def test_the_hint_asks_again_for_keys_without_rows() -> None:
    hint = (
        "/*+ LOOKUP('table' = 'd', 'retry-predicate' = 'lookup_miss', 'retry-strategy' = "
        "'fixed_delay', 'fixed-delay' = '1 ms', 'max-attempts' = '2', 'async' = 'true') */"
    )
    join = Joined(Table([(1, "a", 1)]), hint=hint)
    assert join([(1, "a"), (9, "x")]) == [(0, 1)]
    assert join.table.asked == [(1, "a"), (9, "x"), (9, "x"), (9, "x")]
