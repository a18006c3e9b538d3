"""What stands in FROM: tables, filters, aggregates, windows, Top-N, joins, sets, one in another."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from generator.expressions import Node, expression
from generator.tables import CHANGED, COLUMNS, ROWTIME


@dataclass(frozen=True, slots=True)
class Relation:
    """A subquery's text, its columns with types, and what may be built on it.

    `unique` are columns that tell its rows apart (ties of an order are broken by them); `rowtime`
    says that it still has event time, `changes` that its rows are updated. `used` are the
    operators within, for the coverage table.
    """

    text: str
    columns: Mapping[str, str]
    unique: tuple[str, ...] = ()
    rowtime: bool = False
    changes: bool = False
    used: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = field(default=())


def table(name: str) -> Relation:
    """A table of events, or of changes."""
    if name == "c1":
        columns = {column: COLUMNS[column] for column in CHANGED}
        return Relation("c1", columns, ("id",), changes=True, used=("debezium-json",))
    return Relation(name, COLUMNS, ("id",), rowtime=True)


def relation(generator: random.Random, depth: int) -> Relation:
    """A random relation."""
    base = table(generator.choice(("t1", "t1", "t2", "c1")))
    for _ in range(generator.randint(0, depth)):
        builders = [build for build, allowed in BUILDERS if allowed(base)]
        base = generator.choice(builders)(generator, base)
    return base


def _scope(base: Relation, name: str = "") -> dict[str, str]:
    prefix = f"{name}." if name else ""
    return {prefix + column: kind for column, kind in base.columns.items()}


def _filter(generator: random.Random, base: Relation) -> Relation:
    node = expression(generator, "BOOLEAN", _scope(base), 2)
    stars = "*"
    return Relation(
        f"(SELECT {stars} FROM {base.text} WHERE {node.sql()})",
        base.columns, base.unique, base.rowtime, base.changes, (*base.used, "WHERE"),
        (*base.nodes, node),
    )  # fmt: skip


_KEYS = ("k", "b", "i", "s", "dd", "ti")
_AGGREGATES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("COUNT(*)", "BIGINT", ()),
    ("COUNT({0})", "BIGINT", ("STRING",)),
    ("COUNT(DISTINCT {0})", "BIGINT", ("INT",)),
    ("COUNT(DISTINCT {0})", "BIGINT", ("STRING",)),
    ("SUM({0})", "INT", ("INT",)),
    ("SUM({0})", "BIGINT", ("BIGINT",)),
    ("SUM(DISTINCT {0})", "BIGINT", ("BIGINT",)),
    ("CAST(SUM({0}) AS DECIMAL(20, 4))", "DECIMAL(20, 4)", ("DECIMAL(10, 2)",)),
    ("AVG({0})", "DOUBLE", ("DOUBLE",)),
    ("AVG({0})", "INT", ("INT",)),
    ("CAST(AVG({0}) AS DECIMAL(20, 4))", "DECIMAL(20, 4)", ("DECIMAL(10, 2)",)),
    ("MIN({0})", "STRING", ("STRING",)),
    ("MAX({0})", "BIGINT", ("BIGINT",)),
    ("MIN({0})", "DATE", ("DATE",)),
    ("MAX({0})", "TIMESTAMP(3)", ("TIMESTAMP(3)",)),
    ("MAX({0})", "DECIMAL(10, 2)", ("DECIMAL(10, 2)",)),
    ("MIN({0})", "DOUBLE", ("DOUBLE",)),
    ("COUNT(*) FILTER (WHERE {0})", "BIGINT", ("BOOLEAN",)),
    ("SUM({0}) FILTER (WHERE {1})", "BIGINT", ("BIGINT", "BOOLEAN")),
)
"""SUM and AVG of what may overflow are left out: Flink wraps, and nobody wants that."""


def _aggregates(
    generator: random.Random, base: Relation
) -> tuple[dict[str, str], list[str], list[Node], list[str]]:
    columns, texts, nodes, names = {}, [], [], []
    for index in range(generator.randint(1, 3)):
        text, kind, wanted = generator.choice(_AGGREGATES)
        scope = {c: t for c, t in _scope(base).items() if "2147483648" not in c}
        arguments = [expression(generator, k, scope, 1) for k in wanted]
        nodes += arguments
        names.append(text.split("(")[0] + (" DISTINCT" if "DISTINCT" in text else "")
                     + (" FILTER" if "FILTER" in text else ""))  # fmt: skip
        texts.append(f"{text.format(*(a.sql() for a in arguments))} AS z{index}")
        columns[f"z{index}"] = kind
    return columns, texts, nodes, names


def _keys(generator: random.Random, base: Relation) -> list[str]:
    known = [c for c in _KEYS if c in base.columns] or [next(iter(base.columns))]
    return generator.sample(known, min(len(known), generator.randint(1, 2)))


def _group(generator: random.Random, base: Relation) -> Relation:
    keys = _keys(generator, base)
    columns, texts, nodes, names = _aggregates(generator, base)
    having = " HAVING COUNT(*) > 1" if generator.random() < 0.3 else ""
    text = f"(SELECT {', '.join([*keys, *texts])} FROM {base.text} GROUP BY {', '.join(keys)}"
    used = (*base.used, "GROUP BY", *names, *(["HAVING"] if having else []))
    columns = {k: base.columns[k] for k in keys} | columns
    return Relation(f"{text}{having})", columns, tuple(keys), False, True, used,
                    (*base.nodes, *nodes))  # fmt: skip


_WINDOWS = (
    ("TUMBLE", "INTERVAL '10' SECOND"),
    ("HOP", "INTERVAL '5' SECOND, INTERVAL '15' SECOND"),
    ("CUMULATE", "INTERVAL '4' SECOND, INTERVAL '12' SECOND"),
)


def _window(generator: random.Random, base: Relation) -> Relation:
    kind, sizes = generator.choice(_WINDOWS)
    keys = _keys(generator, base)[:1] if generator.random() < 0.8 else []
    columns, texts, nodes, names = _aggregates(generator, base)
    source = f"TABLE({kind}(TABLE {base.text}, DESCRIPTOR(`{ROWTIME}`), {sizes}))"
    by = ", ".join(["window_start", "window_end", *keys])
    text = f"(SELECT {by}, {', '.join(texts)} FROM {source} GROUP BY {by})"
    made = {"window_start": "TIMESTAMP(3)", "window_end": "TIMESTAMP(3)"}
    made |= {k: base.columns[k] for k in keys} | columns
    return Relation(text, made, ("window_start", "window_end", *keys), False, False,
                    (*base.used, kind, *names), (*base.nodes, *nodes))  # fmt: skip


def _session(generator: random.Random, base: Relation) -> Relation:
    columns, texts, nodes, names = _aggregates(generator, base)
    source = (
        f"TABLE(SESSION(TABLE {base.text} PARTITION BY k, DESCRIPTOR(`{ROWTIME}`), "
        "INTERVAL '3' SECOND))"
    )
    text = (
        f"(SELECT window_start, window_end, k, {', '.join(texts)} FROM {source} "
        "GROUP BY window_start, window_end, k)"
    )
    made = {"window_start": "TIMESTAMP(3)", "window_end": "TIMESTAMP(3)", "k": "STRING"} | columns
    return Relation(text, made, ("window_start", "window_end", "k"), False, False,
                    (*base.used, "SESSION", *names), (*base.nodes, *nodes))  # fmt: skip


def _top(generator: random.Random, base: Relation) -> Relation:
    keys = _keys(generator, base)[:1] if generator.random() < 0.8 else []
    ordered = generator.choice([c for c, k in base.columns.items() if k in _ORDERED])
    direction = generator.choice(["", " DESC"])
    by = f"PARTITION BY {', '.join(keys)} " if keys else ""
    order = ", ".join([f"{ordered}{direction}", *base.unique])
    number = f"ROW_NUMBER() OVER ({by}ORDER BY {order}) AS rn"
    # Flink updates a first row alone by a +U without its -U, which is no change of a multiset
    # where the partition is not selected; the corpus has those cases.
    limit = generator.randint(2, 3)
    text = (
        f"(SELECT * FROM (SELECT {', '.join(base.columns)}, {number} FROM {base.text}) "
        f"WHERE rn <= {limit})"
    )
    return Relation(text, {**base.columns, "rn": "BIGINT"}, base.unique, False, True,
                    (*base.used, "ROW_NUMBER"), base.nodes)  # fmt: skip


_ORDERED = ("INT", "BIGINT", "STRING", "DOUBLE", "DECIMAL(10, 2)", "DATE", "TIMESTAMP(3)")


def _distinct(generator: random.Random, base: Relation) -> Relation:
    plain = [c for c, k in base.columns.items() if not k.startswith(_NESTED)]
    chosen = generator.sample(plain, min(len(plain), generator.randint(1, 2)))
    text = f"(SELECT DISTINCT {', '.join(chosen)} FROM {base.text})"
    columns = {c: base.columns[c] for c in chosen}
    return Relation(text, columns, tuple(chosen), False, True, (*base.used, "DISTINCT"), base.nodes)


_NESTED = ("ARRAY", "MAP", "ROW", "BYTES")


def _set(generator: random.Random, base: Relation) -> Relation:
    other = table(generator.choice(("t1", "t2")))
    shared = [c for c in base.columns if other.columns.get(c) == base.columns[c]]
    chosen = [c for c in shared if not base.columns[c].startswith(_NESTED)][:4]
    if not chosen:
        return base
    kind = generator.choice(("UNION ALL", "UNION", "INTERSECT", "EXCEPT"))
    if kind != "UNION ALL":
        chosen = chosen[-2:]
    names = ", ".join(chosen)
    text = f"(SELECT {names} FROM {base.text} {kind} SELECT {names} FROM {other.text})"
    columns = {c: base.columns[c] for c in chosen}
    whole = kind == "UNION ALL"
    return Relation(text, columns, () if whole else tuple(chosen), False,
                    base.changes or not whole, (*base.used, kind), base.nodes)  # fmt: skip


def _join(generator: random.Random, base: Relation) -> Relation:
    other = table(generator.choice(("t2", "c1")))
    key = generator.choice([c for c in ("k", "i", "s", "dd") if c in base.columns] or ["*"])
    if key == "*" or key not in other.columns:
        return base
    kind = generator.choice(("INNER", "LEFT", "RIGHT", "FULL"))
    more = ""
    nodes: tuple[Node, ...] = ()
    if generator.random() < 0.4:
        scope = {f"x.{c}": k for c, k in base.columns.items()}
        scope |= {f"y.{c}": k for c, k in other.columns.items()}
        node = expression(generator, "BOOLEAN", scope, 1)
        more, nodes = f" AND {node.sql()}", (node,)
    left = [c for c, k in base.columns.items() if not k.startswith(_NESTED)]
    right = [c for c, k in other.columns.items() if not k.startswith(_NESTED)][:6]
    outputs = [f"x.{c} AS {c}" for c in left] + [f"y.{c} AS y_{c}" for c in right]
    text = (
        f"(SELECT {', '.join(outputs)} FROM {base.text} AS x {kind} JOIN {other.text} AS y "
        f"ON x.{key} = y.{key}{more})"
    )
    columns = {c: base.columns[c] for c in left} | {f"y_{c}": other.columns[c] for c in right}
    return Relation(text, columns, (*base.unique, "y_id"), False, True,
                    (*base.used, f"{kind} JOIN"), (*base.nodes, *nodes))  # fmt: skip


def _interval_join(generator: random.Random, base: Relation) -> Relation:
    kind = generator.choice(("INNER", "LEFT", "RIGHT", "FULL"))
    left = [c for c, k in base.columns.items() if not k.startswith(_NESTED)]
    right = ["id", "i", "s", "d"]
    outputs = [f"x.{c} AS {c}" for c in left] + [f"y.{c} AS y_{c}" for c in right]
    text = (
        f"(SELECT {', '.join(outputs)} FROM {base.text} AS x {kind} JOIN t2 AS y ON x.k = y.k "
        f"AND x.`{ROWTIME}` BETWEEN y.`{ROWTIME}` - INTERVAL '4' SECOND "
        f"AND y.`{ROWTIME}` + INTERVAL '2' SECOND)"
    )
    columns = {c: base.columns[c] for c in left} | {f"y_{c}": COLUMNS[c] for c in right}
    return Relation(text, columns, (*base.unique, "y_id"), False, False,
                    (*base.used, f"interval {kind} JOIN"), base.nodes)  # fmt: skip


def _semi(generator: random.Random, base: Relation) -> Relation:
    key = generator.choice([c for c in ("k", "i", "s") if c in base.columns] or ["*"])
    if key == "*":
        return base
    other = generator.choice(("t2", "c1"))
    form, used = generator.choice(
        (
            (f"{key} IN (SELECT {key} FROM {other} WHERE i > 3)", "IN subquery"),
            (
                f"{key} NOT IN (SELECT {key} FROM {other} WHERE {key} IS NOT NULL)",
                "NOT IN subquery",
            ),
            (f"EXISTS (SELECT 1 FROM {other} AS o WHERE o.{key} = q.{key})", "EXISTS"),
            (f"NOT EXISTS (SELECT 1 FROM {other} AS o WHERE o.{key} = q.{key})", "NOT EXISTS"),
        )
    )
    text = f"(SELECT * FROM {base.text} AS q WHERE {form})"
    return Relation(text, base.columns, base.unique, False, True, (*base.used, used), base.nodes)


def _over(generator: random.Random, base: Relation) -> Relation:
    kept = [c for c, k in base.columns.items() if not k.startswith(_NESTED)]
    frame = generator.choice(
        (
            "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
            "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
            "RANGE BETWEEN INTERVAL '6' SECOND PRECEDING AND CURRENT ROW",
            "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        )
    )
    call, kind = generator.choice(
        (("COUNT(*)", "BIGINT"), ("SUM(l)", "BIGINT"), ("MAX(d)", "DOUBLE"), ("MIN(s)", "STRING"))
    )
    text = (
        f"(SELECT {', '.join(kept)}, {call} OVER (PARTITION BY k ORDER BY `{ROWTIME}` {frame}) "
        f"AS ov FROM {base.text})"
    )
    columns = {c: base.columns[c] for c in kept} | {"ov": kind}
    used = (*base.used, "OVER " + frame.split(" BETWEEN")[0])
    return Relation(text, columns, base.unique, False, False, used, base.nodes)


def _unnest(_generator: random.Random, base: Relation) -> Relation:
    kept = [c for c in base.columns if c != "a"]
    text = f"(SELECT {', '.join(kept)}, el FROM {base.text} CROSS JOIN UNNEST(a) AS u(el))"
    columns = {c: base.columns[c] for c in kept} | {"el": "INT"}
    return Relation(text, columns, (), False, base.changes, (*base.used, "UNNEST"), base.nodes)


def _named(base: Relation) -> bool:
    return base.rowtime and base.text in ("t1", "t2")


Build = Callable[[random.Random, Relation], Relation]
BUILDERS: tuple[tuple[Build, Callable[[Relation], bool]], ...] = (
    (_filter, lambda base: True),
    (_group, lambda base: True),
    (_window, _named),
    (_session, _named),
    (_top, lambda base: bool(base.unique) and any(k in _ORDERED for k in base.columns.values())),
    (_distinct, lambda base: True),
    (_set, lambda base: True),
    (_join, lambda base: bool(base.unique) and "y_id" not in base.columns),
    (_interval_join, lambda base: base.rowtime),
    (_semi, lambda base: True),
    (_over, _named),
    (_unnest, lambda base: "a" in base.columns),
)
"""A builder, and the relations it may be put on."""
