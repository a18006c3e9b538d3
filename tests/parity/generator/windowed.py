"""Builders of relations over windows of event time: aggregates, ranks, joins, OVER."""

from __future__ import annotations

import random

from generator.grouped import sets_of
from generator.relations import ORDERED, Relation, aggregates, keys, plain
from generator.tables import COLUMNS, ROWTIME

_GRIDS = (
    ("TUMBLE", "INTERVAL '10' SECOND"),
    ("TUMBLE", "INTERVAL '7' SECOND, INTERVAL '2' SECOND"),
    ("HOP", "INTERVAL '5' SECOND, INTERVAL '15' SECOND"),
    ("CUMULATE", "INTERVAL '4' SECOND, INTERVAL '12' SECOND"),
)
_BOUNDS = {"window_start": "TIMESTAMP(3)", "window_end": "TIMESTAMP(3)"}


def _grid(name: str, form: tuple[str, str]) -> str:
    return f"TABLE({form[0]}(TABLE {name}, DESCRIPTOR(`{ROWTIME}`), {form[1]}))"


def _sessions(name: str) -> str:
    return (
        f"TABLE(SESSION(TABLE {name} PARTITION BY k, DESCRIPTOR(`{ROWTIME}`), INTERVAL '3' SECOND))"
    )


def window(generator: random.Random, base: Relation) -> Relation:
    """An aggregate of TUMBLE, HOP or CUMULATE, some with grouping sets."""
    form = generator.choice(_GRIDS)
    by = keys(generator, base) if generator.random() < 0.8 else []
    made = aggregates(generator, base)
    groups, used = ", ".join([*_BOUNDS, *by]), form[0]
    if by and generator.random() < 0.3:
        sets, kind = sets_of(generator, by)
        groups, used = f"{', '.join(_BOUNDS)}, {sets}", f"{form[0]} with {kind}"
    shown = ", ".join([*_BOUNDS, *by, *made.texts])
    text = f"(SELECT {shown} FROM {_grid(base.text, form)} GROUP BY {groups})"
    columns = _BOUNDS | {k: base.columns[k] for k in by} | dict(made.columns)
    unique = () if "with" in used else (*_BOUNDS, *by)
    return Relation(text, columns, unique, False, False,
                    (*base.used, used, *made.names), (*base.nodes, *made.nodes))  # fmt: skip


def session(generator: random.Random, base: Relation) -> Relation:
    """An aggregate of SESSION."""
    made = aggregates(generator, base)
    text = (
        f"(SELECT window_start, window_end, k, {', '.join(made.texts)} "
        f"FROM {_sessions(base.text)} GROUP BY window_start, window_end, k)"
    )
    columns = _BOUNDS | {"k": "STRING"} | dict(made.columns)
    return Relation(text, columns, (*_BOUNDS, "k"), False, False,
                    (*base.used, "SESSION", *made.names), (*base.nodes, *made.nodes))  # fmt: skip


_OLDER = (
    ("TUMBLE", "`at`, INTERVAL '6' SECOND"),
    ("HOP", "`at`, INTERVAL '4' SECOND, INTERVAL '8' SECOND"),
    ("SESSION", "`at`, INTERVAL '2' SECOND"),
)


def group_window(generator: random.Random, base: Relation) -> Relation:
    """The older form, GROUP BY TUMBLE(...)."""
    kind, of = generator.choice(_OLDER)
    made = aggregates(generator, base)
    text = (
        f"(SELECT {kind}_START({of}) AS window_start, {kind}_END({of}) AS window_end, k, "
        f"{', '.join(made.texts)} FROM {base.text} GROUP BY {kind}({of}), k)"
    )
    columns = _BOUNDS | {"k": "STRING"} | dict(made.columns)
    used = (*base.used, f"GROUP BY {kind}(...)", *made.names)
    return Relation(text, columns, (*_BOUNDS, "k"), False, False, used, (*base.nodes, *made.nodes))


def window_rows(generator: random.Random, base: Relation) -> Relation:
    """The rows of a window function as they are."""
    sessions = generator.random() < 0.4
    form = generator.choice(_GRIDS)
    source = _sessions(base.text) if sessions else _grid(base.text, form)
    kept = plain(base)
    text = f"(SELECT {', '.join([*kept, *_BOUNDS])} FROM {source})"
    columns = {c: base.columns[c] for c in kept} | _BOUNDS
    used = (*base.used, f"rows of {'SESSION' if sessions else form[0]}")
    return Relation(text, columns, ("id", *_BOUNDS), False, base.changes, used, base.nodes)


def cascade(generator: random.Random, base: Relation) -> Relation:
    """A window over the windows of a view."""
    call, kind = generator.choice(
        (("SUM(n)", "BIGINT"), ("MAX(high)", "INT"), ("COUNT(DISTINCT k)", "BIGINT"))
    )
    form = generator.choice((("TUMBLE", "INTERVAL '20' SECOND"), _GRIDS[2]))
    text = (
        f"(SELECT window_start, window_end, k, {call} AS z0 FROM {_grid('w1', form)} "
        "GROUP BY window_start, window_end, k)"
    )
    columns = _BOUNDS | {"k": "STRING", "z0": kind}
    return Relation(text, columns, (*_BOUNDS, "k"), False, False, (*base.used, "cascaded windows"))


def window_rank(generator: random.Random, base: Relation) -> Relation:
    """The first rows of each window: Top-N, or one of them by event time."""
    form = generator.choice(_GRIDS)
    kept = plain(base)
    by = ["window_start", "window_end", *(["k"] if generator.random() < 0.5 else [])]
    if generator.random() < 0.4:
        order, limit, used = f"`{ROWTIME}`{generator.choice(('', ' DESC'))}", 1, "window first row"
    else:
        ordered = generator.choice([c for c in kept if base.columns[c] in ORDERED])
        order = f"{ordered}{generator.choice(('', ' DESC'))}, id"
        limit, used = generator.randint(1, 3), "window Top-N"
    number = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(by)} ORDER BY {order}) AS rn"
    text = (
        f"(SELECT {', '.join([*kept, *_BOUNDS])}, rn FROM "
        f"(SELECT {', '.join([*kept, *_BOUNDS])}, {number} FROM {_grid(base.text, form)}) "
        f"WHERE rn <= {limit})"
    )
    columns = {c: base.columns[c] for c in kept} | _BOUNDS | {"rn": "BIGINT"}
    return Relation(text, columns, ("id", *_BOUNDS), False, False, (*base.used, used), base.nodes)


def window_join(generator: random.Random, base: Relation) -> Relation:
    """A join of the rows of equal windows, in all kinds."""
    form = generator.choice(_GRIDS)
    kept = plain(base)
    same = "lt.window_start = rt.window_start AND lt.window_end = rt.window_end AND lt.k = rt.k"
    left, right = _grid(base.text, form), _grid("t2", form)
    kind = generator.choice(("INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"))
    used = (*base.used, f"window {kind} JOIN")
    shown = [f"lt.{c} AS {c}" for c in [*kept, *_BOUNDS]]
    columns = {c: base.columns[c] for c in kept} | _BOUNDS
    if kind in ("SEMI", "ANTI"):
        word = "EXISTS" if kind == "SEMI" else "NOT EXISTS"
        text = (
            f"(SELECT {', '.join(shown)} FROM (SELECT * FROM {left}) AS lt WHERE {word} "
            f"(SELECT 1 FROM (SELECT * FROM {right}) AS rt WHERE {same}))"
        )
        return Relation(text, columns, ("id", *_BOUNDS), False, False, used, base.nodes)
    other = ["id", "i", "s", "d"]
    shown += [f"rt.{c} AS y_{c}" for c in other]
    text = (
        f"(SELECT {', '.join(shown)} FROM (SELECT * FROM {left}) AS lt {kind} JOIN "
        f"(SELECT * FROM {right}) AS rt ON {same})"
    )
    columns |= {f"y_{c}": COLUMNS[c] for c in other}
    return Relation(text, columns, ("id", "y_id", *_BOUNDS), False, False, used, base.nodes)


_FRAMES = (
    "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
    "RANGE BETWEEN INTERVAL '6' SECOND PRECEDING AND CURRENT ROW",
    "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
)
_CALLS = (
    ("COUNT(*)", "BIGINT"),
    ("SUM(l)", "BIGINT"),
    ("MAX(d)", "DOUBLE"),
    ("MIN(s)", "STRING"),
    ("AVG(c)", "DECIMAL(38, 6)"),
    ("FIRST_VALUE(i)", "INT"),
    ("LAST_VALUE(tt)", "TIME(0)"),
    ("COUNT(DISTINCT s)", "BIGINT"),
    ("MAX(dd)", "DATE"),
)


def over(generator: random.Random, base: Relation) -> Relation:
    """An aggregate over rows before each row, or LAG."""
    kept = plain(base)
    frame = generator.choice(_FRAMES)
    call, kind = generator.choice(_CALLS)
    used = f"OVER {frame.split(' ')[0]} {'UNBOUNDED' if 'UNBOUNDED' in frame else 'bounded'}"
    if generator.random() < 0.15:
        call, kind, frame, used = "LAG(i, 1)", "INT", "", "OVER LAG"
    by = generator.choice(("PARTITION BY k ", "PARTITION BY b, k ", ""))
    text = (
        f"(SELECT {', '.join(kept)}, {call} OVER ({by}ORDER BY `{ROWTIME}` {frame}) "
        f"AS ov FROM {base.text})"
    )
    columns = {c: base.columns[c] for c in kept} | {"ov": kind}
    name = f"{call.split('(')[0]}() OVER"
    return Relation(text, columns, base.unique, False, False, (*base.used, used, name), base.nodes)


_PATTERNS = (
    ("A B* C)", "A AS A.i < 8, B AS B.i < A.i, C AS C.i > A.i", "COUNT(B.id)"),
    ("A C)", "A AS A.i IS NOT NULL, C AS C.i <> A.i", "SUM(C.l)"),
    ("A+ C)", "A AS A.b, C AS NOT C.b", "MAX(A.l)"),
    (
        "A B* C) WITHIN INTERVAL '9' SECOND",
        "A AS A.i < 9, B AS B.i < A.i, C AS C.i > A.i",
        "COUNT(B.id)",
    ),
    ("A+? B C) WITHIN INTERVAL '4' SECOND", "B AS NOT B.b, C AS C.id > B.id", "SUM(A.l)"),
    ("A C) WITHIN INTERVAL '1.5' SECOND", "C AS C.i <> A.i OR C.i IS NULL", "MIN(A.l)"),
)
"""Each WITHIN with a DEFINE of its own: Flink merges matches of a job that differ in WITHIN alone,
and the queries of a batch are one job."""


def patterns(generator: random.Random, base: Relation) -> Relation:
    """MATCH_RECOGNIZE over the rows of each key."""
    pattern, define, call = generator.choice(_PATTERNS)
    skip = generator.choice(("PAST LAST ROW", "TO NEXT ROW"))
    text = (
        f"(SELECT k, f, n, z0 FROM {base.text} MATCH_RECOGNIZE (PARTITION BY k ORDER BY "
        f"`{ROWTIME}`, id MEASURES FIRST(id) AS f, LAST(C.id) AS n, {call} AS z0 "
        f"AFTER MATCH SKIP {skip} PATTERN ({pattern} DEFINE {define}) AS m)"
    )
    columns = {"k": "STRING", "f": "INT", "n": "INT", "z0": "BIGINT"}
    used = (*base.used, "MATCH_RECOGNIZE", *(["WITHIN"] if "WITHIN" in pattern else []))
    return Relation(text, columns, ("f",), False, False, used, base.nodes)


def interval_join(generator: random.Random, base: Relation) -> Relation:
    """A join of rows that lie near each other in event time."""
    kind = generator.choice(("INNER", "LEFT", "RIGHT", "FULL"))
    left, right = plain(base), ["id", "i", "s", "d"]
    outputs = [f"lt.{c} AS {c}" for c in left] + [f"rt.{c} AS y_{c}" for c in right]
    text = (
        f"(SELECT {', '.join(outputs)} FROM {base.text} AS lt {kind} JOIN t2 AS rt ON lt.k = rt.k "
        f"AND lt.`{ROWTIME}` BETWEEN rt.`{ROWTIME}` - INTERVAL '4' SECOND "
        f"AND rt.`{ROWTIME}` + INTERVAL '2' SECOND)"
    )
    columns = {c: base.columns[c] for c in left} | {f"y_{c}": COLUMNS[c] for c in right}
    return Relation(text, columns, (*base.unique, "y_id"), False, False,
                    (*base.used, f"interval {kind} JOIN"), base.nodes)  # fmt: skip
