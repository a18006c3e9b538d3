"""The pipelines that are simulated, and the rows that a seed gives them.

Where rows of several partitions are never late, the result does not depend on the order in which
partitions are read, and DuckDB says it too (`truth`). A scenario that is `ordered` has late rows
over several partitions; its result is that of a straight run that reads in the same order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import pyarrow as pa

from tidemill.records import dataclass
from tidemill.testing.simulation.log import Log

Draw = Callable[[random.Random], dict[str, dict[str, Log]]]
_ROWS = 14
_TIME = pa.timestamp("ms")


@dataclass(frozen=True)
class Scenario:
    """One pipeline. `truth` holds DuckDB's query for sinks, over tables of the same names."""

    name: str
    text: str
    sinks: tuple[str, ...]
    draw: Draw
    truth: dict[str, str] = field(default_factory=dict)
    refusable: tuple[str, ...] = ()
    """Sinks that take appends only, so that their store may refuse a row."""
    late: dict[str, str] = field(default_factory=dict)
    ordered: str = ""
    """The table whose order of reading decides which rows are late."""


def _log(
    rng: random.Random,
    columns: dict[str, tuple[Sequence[Any], pa.DataType]],
    kinds: Sequence[int] | None = None,
    *,
    gaps: bool = False,
) -> Log:
    """One partition; with `gaps`, some of its records are no rows."""
    rows = pa.RecordBatch.from_arrays(
        [pa.array(values, kind) for values, kind in columns.values()], names=list(columns)
    )
    gone = set(rng.sample(range(len(rows)), min(len(rows), 2))) if gaps else set()
    poison = {i for i in gone if rng.random() < 0.5}
    cuts = sorted(rng.randrange(len(rows) + 1) for _ in range(2))
    return Log(
        rows, None if kinds is None else pa.array(kinds, pa.int8()),
        frozenset(poison), frozenset(gone - poison), tuple(cuts),
    )  # fmt: skip


def _times(rng: random.Random, count: int, step_ms: int, jitter_ms: int) -> list[int]:
    """Event times that rise, each at most `jitter_ms` behind the newest before it."""
    now, found = 0, []
    for _ in range(count):
        now += rng.randrange(step_ms)
        found.append(max(0, now - rng.randrange(jitter_ms + 1)))
    return found


def _counts(rng: random.Random, partitions: int = 2) -> list[int]:
    return [rng.randrange(1, _ROWS) for _ in range(partitions)]


# -- filters, casts that fail, and a tumbling window


def _filter_window(rng: random.Random) -> dict[str, dict[str, Log]]:
    parts = {}
    for number, count in enumerate(_counts(rng)):
        parts[str(number)] = _log(
            rng,
            {
                "ts": (_times(rng, count, 3_000, 2_000), _TIME),
                "k": ([rng.randrange(4) for _ in range(count)], pa.int32()),
                "v": ([rng.choice(("1", "2", "3", "bad")) for _ in range(count)], pa.string()),
            },
            gaps=True,
        )
    return {"t": parts}


FILTER_WINDOW = Scenario(
    "filter and window",
    """
CREATE TABLE t (ts TIMESTAMP(3), k INT, v STRING, WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
  WITH ('connector' = 'simulated');
CREATE TABLE copied (k INT, v INT) WITH ('connector' = 'simulated');
CREATE TABLE win (k INT, we TIMESTAMP(3), n BIGINT) WITH ('connector' = 'simulated');
INSERT INTO copied SELECT k, CAST(v AS INT) FROM t WHERE k <> 2;
INSERT INTO win SELECT k, window_end, COUNT(*)
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY k, window_start, window_end;
""",
    ("copied", "win"),
    _filter_window,
    {
        "copied": "SELECT k, CAST(v AS INT) FROM t WHERE k <> 2 AND v <> 'bad'",
        "win": "SELECT k, time_bucket(INTERVAL 10 SECOND, ts) + INTERVAL 10 SECOND, count(*) "
        "FROM t GROUP BY ALL",
    },
    ("copied", "win"),
)

# -- a changelog, aggregated by key with retractions


def _changelog(rng: random.Random) -> dict[str, dict[str, Log]]:
    parts = {}
    for number, count in enumerate(_counts(rng)):
        ids: list[int] = []
        groups: list[int] = []
        values: list[int] = []
        kinds: list[int] = []
        held: dict[int, tuple[int, int]] = {}
        for _ in range(count):
            key = number * 100 + rng.randrange(5)
            old, new = held.get(key), (rng.randrange(3), rng.randrange(100))
            changes = [(0, new)]
            if old is not None:
                changes = [(3, old)] if rng.random() < 0.3 else [(1, old), (2, new)]
            for kind, (group, value) in changes:
                ids.append(key)
                groups.append(group)
                values.append(value)
                kinds.append(kind)
            held.pop(key, None)
            if changes[-1][0] != 3:
                held[key] = new
        parts[str(number)] = _log(
            rng,
            {"id": (ids, pa.int32()), "k": (groups, pa.int32()), "v": (values, pa.int32())},
            kinds,
        )
    return {"u": parts}


AGGREGATE = Scenario(
    "aggregate with retractions",
    """
CREATE TABLE u (id INT, k INT, v INT) WITH ('connector' = 'simulated', 'changelog' = 'true');
CREATE TABLE agg (k INT, n BIGINT, s INT, m INT)
  WITH ('connector' = 'simulated', 'changelog' = 'true');
INSERT INTO agg SELECT k, COUNT(*), SUM(v), MAX(v) FROM u WHERE v <> 7 GROUP BY k;
""",
    ("agg",),
    _changelog,
    {
        "agg": "SELECT k, sum(w)::BIGINT, sum(v * w)::INT, (SELECT max(v) FROM "
        "(SELECT k k2, v, sum(w) FROM u GROUP BY ALL HAVING sum(w) > 0) WHERE k2 = k AND v <> 7) "
        "FROM u WHERE v <> 7 GROUP BY k HAVING sum(w) > 0"
    },
)

# -- two streams joined within an interval; rows without a partner come out alone


def _two_streams(rng: random.Random) -> dict[str, dict[str, Log]]:
    return {
        table: {
            str(number): _log(
                rng,
                {
                    "ts": (_times(rng, count, 2_000, 1_000), _TIME),
                    "id": ([rng.randrange(4) for _ in range(count)], pa.int32()),
                    "x": ([number * 1_000 + i for i in range(count)], pa.int32()),
                },
            )
            for number, count in enumerate(_counts(rng, rng.choice((1, 2))))
        }
        for table in ("a", "b")
    }


INTERVAL_JOIN = Scenario(
    "interval join",
    """
CREATE TABLE a (ts TIMESTAMP(3), id INT, x INT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'simulated');
CREATE TABLE b (ts TIMESTAMP(3), id INT, x INT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'simulated');
CREATE TABLE pairs (id INT, x INT, y INT) WITH ('connector' = 'simulated');
INSERT INTO pairs SELECT a.id, a.x, b.x FROM a LEFT JOIN b ON a.id = b.id
  AND b.ts BETWEEN a.ts - INTERVAL '2' SECOND AND a.ts + INTERVAL '3' SECOND;
""",
    ("pairs",),
    _two_streams,
    {
        "pairs": "SELECT a.id, a.x, b.x FROM a LEFT JOIN b ON a.id = b.id "
        "AND b.ts BETWEEN a.ts - INTERVAL 2 SECOND AND a.ts + INTERVAL 3 SECOND"
    },
    ("pairs",),
)

# -- the first row of each id, and the two best of each group


def _repeated(rng: random.Random) -> dict[str, dict[str, Log]]:
    parts = {}
    scores = rng.sample(range(1_000), 2 * _ROWS)
    for number, count in enumerate(_counts(rng)):
        ids = [rng.randrange(6) for _ in range(count)]
        parts[str(number)] = _log(
            rng,
            {
                "ts": ([s * 100 for s in scores[:count]], _TIME),
                "id": (ids, pa.int32()),
                "v": (scores[:count], pa.int32()),
            },
            gaps=True,
        )
        scores = scores[count:]
    return {"d": parts}


DEDUPLICATE = Scenario(
    "deduplication and top-n",
    """
CREATE TABLE d (ts TIMESTAMP(3), id INT, v INT, WATERMARK FOR ts AS ts - INTERVAL '20' MINUTE)
  WITH ('connector' = 'simulated');
CREATE TABLE firsts (id INT, v INT) WITH ('connector' = 'simulated', 'changelog' = 'true');
CREATE TABLE best (id INT, v INT, n BIGINT) WITH ('connector' = 'simulated', 'changelog' = 'true');
INSERT INTO firsts SELECT id, v FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts ASC) AS n FROM d) WHERE n = 1;
INSERT INTO best SELECT id, v, n FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY v DESC) AS n FROM d) WHERE n <= 2;
""",
    ("firsts", "best"),
    _repeated,
    {
        "firsts": "SELECT id, v FROM d QUALIFY row_number() OVER (PARTITION BY id ORDER BY ts) = 1",
        "best": "SELECT id, v, row_number() OVER (PARTITION BY id ORDER BY v DESC) AS n FROM d "
        "QUALIFY n <= 2",
    },
)

# -- rows that come too late, over one or two partitions, and hopping windows


def _disordered(rng: random.Random) -> dict[str, dict[str, Log]]:
    parts = {}
    for number, count in enumerate(_counts(rng, rng.choice((1, 1, 2)))):
        parts[str(number)] = _log(
            rng,
            {
                "ts": (_times(rng, count, 8_000, 45_000), _TIME),
                "k": ([rng.randrange(3) for _ in range(count)], pa.int32()),
                "v": ([rng.randrange(100) for _ in range(count)], pa.int32()),
            },
            gaps=True,
        )
    return {"l": parts}


LATE = Scenario(
    "late rows and hopping windows",
    """
CREATE TABLE l (ts TIMESTAMP(3), k INT, v INT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'simulated', 'late-handling.mode' = 'table');
CREATE TABLE hops (k INT, we TIMESTAMP(3), n BIGINT, s INT) WITH ('connector' = 'simulated');
INSERT INTO hops SELECT k, window_end, COUNT(*), SUM(v)
  FROM TABLE(HOP(TABLE l, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
  GROUP BY k, window_start, window_end;
""",
    ("hops",),
    _disordered,
    late={"l": "l$late"},
    ordered="l",
)

# -- sessions, and a running sum over rows


def _bursts(rng: random.Random) -> dict[str, dict[str, Log]]:
    parts = {}
    for number, count in enumerate(_counts(rng)):
        times = [t * 10 + number for t in sorted(rng.sample(range(6_000), count))]
        parts[str(number)] = _log(
            rng,
            {
                "ts": (times, _TIME),
                "k": ([rng.randrange(3) for _ in range(count)], pa.int32()),
                "v": ([rng.randrange(100) for _ in range(count)], pa.int32()),
            },
        )
    return {"s": parts}


SESSIONS = Scenario(
    "sessions and OVER",
    """
CREATE TABLE s (ts TIMESTAMP(3), k INT, v INT, WATERMARK FOR ts AS ts)
  WITH ('connector' = 'simulated');
CREATE TABLE bursts (k INT, ws TIMESTAMP(3), n BIGINT) WITH ('connector' = 'simulated');
CREATE TABLE sums (k INT, ts TIMESTAMP(3), s INT) WITH ('connector' = 'simulated');
INSERT INTO bursts SELECT k, window_start, COUNT(*)
  FROM TABLE(SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND))
  GROUP BY k, window_start, window_end;
INSERT INTO sums SELECT k, ts, SUM(v) OVER (PARTITION BY k ORDER BY ts
  ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM s;
""",
    ("bursts", "sums"),
    _bursts,
    {
        "sums": "SELECT k, ts, (sum(v) OVER (PARTITION BY k ORDER BY ts "
        "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW))::INT FROM s",
        "bursts": "WITH g AS (SELECT k, ts, count(*) FILTER (new) OVER "
        "(PARTITION BY k ORDER BY ts) AS n FROM (SELECT k, ts, coalesce(ts >= lag(ts) OVER "
        "(PARTITION BY k ORDER BY ts) + INTERVAL 4001 MILLISECOND, true) AS new FROM s)) "
        "SELECT k, min(ts), count(*) FROM g GROUP BY k, n",
    },
    ("bursts", "sums"),
)

# -- two changelogs joined, and the pairs counted


def _orders(rng: random.Random) -> dict[str, dict[str, Log]]:
    return {"u": _changelog(rng)["u"], "w": {"0": _changelog(rng)["u"]["0"]}}


JOIN = Scenario(
    "regular join",
    """
CREATE TABLE u (id INT, k INT, v INT) WITH ('connector' = 'simulated', 'changelog' = 'true');
CREATE TABLE w (id INT, k INT, v INT) WITH ('connector' = 'simulated', 'changelog' = 'true');
CREATE TABLE joined (k INT, x INT, y INT) WITH ('connector' = 'simulated', 'changelog' = 'true');
INSERT INTO joined SELECT u.k, u.v, w.v FROM u LEFT JOIN w ON u.k = w.k;
""",
    ("joined",),
    _orders,
    {
        "joined": "WITH x AS (SELECT id, k, v FROM u GROUP BY ALL HAVING sum(w) > 0), "
        "y AS (SELECT id, k, v FROM w GROUP BY ALL HAVING sum(w) > 0) "
        "SELECT x.k, x.v, y.v FROM x LEFT JOIN y ON x.k = y.k"
    },
)

SCENARIOS = (FILTER_WINDOW, AGGREGATE, INTERVAL_JOIN, DEDUPLICATE, LATE, SESSIONS, JOIN)
