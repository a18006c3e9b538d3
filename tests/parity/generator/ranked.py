"""Builders of relations: Top-N, the first or last row of a key, ORDER BY with LIMIT."""

from __future__ import annotations

import random

from generator.relations import ORDERED, Relation, keys, plain
from generator.tables import ROWTIME


def _ordered(generator: random.Random, base: Relation) -> str:
    column = generator.choice([c for c, k in base.columns.items() if k in ORDERED])
    return ", ".join([f"{column}{generator.choice(('', ' DESC'))}", *base.unique])


def rankable(base: Relation) -> bool:
    """Whether its rows have an order without ties."""
    return bool(base.unique) and any(k in ORDERED for k in base.columns.values())


def top(generator: random.Random, base: Relation) -> Relation:
    """Top-N, with a partition or of all rows.

    Flink updates a first row alone by a +U without its -U, which is no change of a multiset where
    the partition is not selected: the corpus has those cases.
    """
    by = keys(generator, base, 1) if generator.random() < 0.8 else []
    partition = f"PARTITION BY {', '.join(by)} " if by else ""
    number = f"ROW_NUMBER() OVER ({partition}ORDER BY {_ordered(generator, base)}) AS rn"
    text = (
        f"(SELECT * FROM (SELECT {', '.join(base.columns)}, {number} FROM {base.text}) "
        f"WHERE rn <= {generator.randint(2, 3)})"
    )
    return Relation(text, {**base.columns, "rn": "BIGINT"}, base.unique, False, True,
                    (*base.used, "Top-N"), base.nodes)  # fmt: skip


def sorted_first(generator: random.Random, base: Relation) -> Relation:
    """ORDER BY with LIMIT, some with OFFSET.

    Over updates an OFFSET makes Flink take back rows that are not there.
    """
    offset = "" if base.changes else generator.choice(("", " OFFSET 2"))
    text = (
        f"(SELECT {', '.join(base.columns)} FROM {base.text} ORDER BY {_ordered(generator, base)} "
        f"LIMIT {generator.randint(2, 8)}{offset})"
    )
    used = (*base.used, "ORDER BY LIMIT", *(["OFFSET"] if offset else []))
    return Relation(text, base.columns, base.unique, False, True, used, base.nodes)


def deduplicated(generator: random.Random, base: Relation) -> Relation:
    """The first or last row of each key by event time, counted: see `top`."""
    kept = plain(base)
    by = generator.choice(("k", "i", "b", "k, b"))
    last = generator.random() < 0.5
    number = f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY `{ROWTIME}`{' DESC' if last else ''})"
    first = f"(SELECT *, {number} AS rn FROM {base.text})"
    text = (
        f"(SELECT b, COUNT(*) AS n, MAX(id) AS id, MIN(s) AS s, SUM(l) AS l FROM {first} "
        "WHERE rn = 1 GROUP BY b)"
    )
    if not last:
        text = f"(SELECT {', '.join(kept)} FROM {first} WHERE rn = 1)"
        return Relation(text, {c: base.columns[c] for c in kept}, ("id",), False, True,
                        (*base.used, "first row by event time"), base.nodes)  # fmt: skip
    columns = {"b": "BOOLEAN", "n": "BIGINT", "id": "INT", "s": "STRING", "l": "BIGINT"}
    used = (*base.used, "last row by event time")
    return Relation(text, columns, ("b",), False, True, used, base.nodes)
