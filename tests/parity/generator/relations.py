"""What a relation of a generated query is, the tables it begins with, and calls of aggregates."""

from __future__ import annotations

import random
from collections.abc import Mapping
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


NESTED = ("ARRAY", "MAP", "MULTISET", "ROW", "BYTES", "BINARY", "VARBINARY")
"""Types that are no keys here."""
ORDERED = ("INT", "BIGINT", "STRING", "DOUBLE", "DECIMAL(10, 2)", "DATE", "TIMESTAMP(3)")
KEYS = ("k", "b", "i", "s", "dd", "ti", "ch")
_VALUES = (
    "(SELECT * FROM (VALUES (1, CAST('a' AS STRING), 1, TRUE), (2, 'b', 7, FALSE), "
    "(3, CAST(NULL AS STRING), 2, TRUE), (4, 'a', 7, CAST(NULL AS BOOLEAN))) AS v(id, k, i, b))"
)


def table(name: str, generator: random.Random) -> Relation:
    """A table of events, of changes, or VALUES; a few of its columns, as both engines plan fast."""
    known = {"c1": CHANGED, "VALUES": ("id", "k", "i", "b")}.get(name, tuple(COLUMNS))
    chosen = {*generator.sample(known[2:], min(len(known) - 2, 7)), *known[:2]}
    columns = {column: COLUMNS[column] for column in known if column in chosen}
    if name == "c1":
        return Relation("c1", columns, ("id",), changes=True, used=("debezium-json",))
    if name == "VALUES":
        return Relation(_VALUES, columns, ("id",), used=("VALUES",))
    return Relation(name, columns, ("id",), rowtime=True)


def all_of(base: Relation) -> str:
    """Its columns for a SELECT, with event time where it has that."""
    return ", ".join([*base.columns, *([f"`{ROWTIME}`"] if base.rowtime else [])])


def named(base: Relation) -> bool:
    """Whether it is a table of events, as window functions take one."""
    return base.rowtime and base.text in ("t1", "t2")


def settled(base: Relation) -> bool:
    """Whether it may be grouped: no grouping sets are in it.

    Flink takes the columns of grouping sets for a key, and leaves a GROUP BY or DISTINCT over them
    away; its rows with NULLs then stand apart.
    """
    return not any(word in name for name in base.used for word in ("ROLLUP", "CUBE", "GROUPING"))


def plain(base: Relation) -> list[str]:
    """The columns that can be compared."""
    return [c for c, k in base.columns.items() if not k.startswith(NESTED)]


def scope(base: Relation, name: str = "") -> dict[str, str]:
    """The columns as expressions name them."""
    prefix = f"{name}." if name else ""
    return {prefix + column: kind for column, kind in base.columns.items()}


def keys(generator: random.Random, base: Relation, most: int = 2) -> list[str]:
    """Columns to group by, one at least."""
    known = [c for c in KEYS if c in base.columns] or plain(base)[:1]
    return generator.sample(known, min(len(known), generator.randint(1, most)))


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
    ("MIN({0})", "TIME(0)", ("TIME(0)",)),
    ("MAX({0})", "FLOAT", ("FLOAT",)),
    ("MIN({0})", "TINYINT", ("TINYINT",)),
    ("MAX({0})", "SMALLINT", ("SMALLINT",)),
    ("MAX({0})", "TIMESTAMP_LTZ(3)", ("TIMESTAMP_LTZ(3)",)),
    ("COUNT(*) FILTER (WHERE {0})", "BIGINT", ("BOOLEAN",)),
    ("SUM({0}) FILTER (WHERE {1})", "BIGINT", ("BIGINT", "BOOLEAN")),
    ("MIN({0}) FILTER (WHERE {1})", "DATE", ("DATE", "BOOLEAN")),
    ("COUNT(DISTINCT {0}) FILTER (WHERE {1})", "BIGINT", ("STRING", "BOOLEAN")),
)
"""SUM and AVG of what may overflow are left out: Flink wraps, and nobody wants that."""
_BY_ARRIVAL: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("FIRST_VALUE({0})", "INT", ("INT",)),
    ("LAST_VALUE({0})", "STRING", ("STRING",)),
    ("LISTAGG({0})", "STRING", ("STRING",)),
    ("ARRAY_AGG({0})", "ARRAY<INT>", ("INT",)),
    ("STDDEV_POP({0})", "DOUBLE", ("SMALLINT",)),
)
"""Aggregates that hang on the order of rows, and one on no row being taken back."""


@dataclass(frozen=True, slots=True)
class Aggregates:
    """Calls of aggregates: the columns they make, their texts, and what is in them."""

    columns: Mapping[str, str]
    texts: tuple[str, ...]
    nodes: tuple[Node, ...]
    names: tuple[str, ...]


def aggregates(generator: random.Random, base: Relation, arrival: bool = True) -> Aggregates:
    """One to three calls over a relation; `arrival`: also those that hang on the rows' order."""
    known = _AGGREGATES + (_BY_ARRIVAL if arrival and named(base) else ())
    columns, texts, nodes, names = {}, [], [], []
    for index in range(generator.randint(1, 3)):
        text, kind, wanted = generator.choice(known)
        arguments = [expression(generator, k, scope(base), 1) for k in wanted]
        nodes += arguments
        call = text.removeprefix("CAST(").split("(")[0]
        names += [call, *(word for word in ("DISTINCT", "FILTER") if word in text)]
        texts.append(f"{text.format(*(a.sql() for a in arguments))} AS z{index}")
        columns[f"z{index}"] = kind
    marked = tuple(f"{n} aggregates" if n in ("DISTINCT", "FILTER") else f"{n}()" for n in names)
    return Aggregates(columns, tuple(texts), tuple(nodes), marked)
