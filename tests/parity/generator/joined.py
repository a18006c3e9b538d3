"""Builders of relations: regular, temporal and lookup joins, IN and EXISTS."""

from __future__ import annotations

import random

from generator.expressions import Node, expression
from generator.grouped import filtered
from generator.relations import Relation, plain, scope, table
from generator.tables import LOOKED_UP, ROWTIME, VERSIONED


def joinable(base: Relation) -> bool:
    """Whether its rows are told apart, and it is no join yet."""
    return bool(base.unique) and not any(c.startswith("y_") for c in base.columns)


def join(generator: random.Random, base: Relation) -> Relation:
    """A regular join with a table of events, of changes, or VALUES."""
    other = table(generator.choice(("t2", "c1", "c1", "VALUES")), generator)
    known = [
        c for c in ("k", "i", "s", "dd", "b") if base.columns.get(c) == other.columns.get(c, "")
    ]
    if not known:
        return filtered(generator, base)
    key = generator.choice(known)
    kind = generator.choice(("INNER", "LEFT", "RIGHT", "FULL"))
    more = ""
    nodes: tuple[Node, ...] = ()
    if generator.random() < 0.4:
        node = expression(generator, "BOOLEAN", scope(base, "lt") | scope(other, "rt"), 1)
        more, nodes = f" AND {node.sql()}", (node,)
    left, right = plain(base), plain(other)[:6]
    outputs = [f"lt.{c} AS {c}" for c in left] + [f"rt.{c} AS y_{c}" for c in right]
    text = (
        f"(SELECT {', '.join(outputs)} FROM {base.text} AS lt {kind} JOIN {other.text} AS rt "
        f"ON lt.{key} = rt.{key}{more})"
    )
    columns = {c: base.columns[c] for c in left} | {f"y_{c}": other.columns[c] for c in right}
    return Relation(text, columns, (*base.unique, "y_id"), False, True,
                    (*base.used, *other.used, f"{kind} JOIN"), (*base.nodes, *nodes))  # fmt: skip


def semi(generator: random.Random, base: Relation) -> Relation:
    """IN and EXISTS, or their contrary."""
    known = [c for c in ("k", "i", "s") if c in base.columns]
    if not known:
        return filtered(generator, base)
    key, other = generator.choice(known), generator.choice(("t2", "c1"))
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
    text = f"(SELECT {', '.join(base.columns)} FROM {base.text} AS q WHERE {form})"
    return Relation(text, base.columns, base.unique, False, True, (*base.used, used), base.nodes)


def temporal(generator: random.Random, base: Relation) -> Relation:
    """Each row beside the version of its key at its time."""
    kind = generator.choice(("INNER", "LEFT"))
    kept = plain(base)
    outputs = [f"lt.{c} AS {c}" for c in kept] + [f"rt.{c} AS y_{c}" for c in VERSIONED]
    name = generator.choice(("v1", "v2"))
    text = (
        f"(SELECT {', '.join(outputs)} FROM {base.text} AS lt {kind} JOIN {name} "
        f"FOR SYSTEM_TIME AS OF lt.`{ROWTIME}` AS rt ON lt.k = rt.k)"
    )
    columns = {c: base.columns[c] for c in kept} | {f"y_{c}": t for c, t in VERSIONED.items()}
    used = (*base.used, f"temporal {kind} JOIN", *(["PRIMARY KEY"] if name == "v1" else []))
    return Relation(text, columns, base.unique, False, False, used, base.nodes)


def lookup(generator: random.Random, base: Relation) -> Relation:
    """Each row beside those of a table in Postgres."""
    kind = generator.choice(("INNER", "LEFT"))
    kept = plain(base)
    more = generator.choice(("", " AND lt.i = rt.j", " AND rt.j > 1", " AND lt.i < rt.j"))
    outputs = [f"lt.{c} AS {c}" for c in kept] + [f"rt.{c} AS y_{c}" for c in LOOKED_UP]
    name = base.text.replace("t", "p")
    text = (
        f"(SELECT {', '.join(outputs)} FROM {name} AS lt {kind} JOIN l1 "
        f"FOR SYSTEM_TIME AS OF lt.p AS rt ON lt.k = rt.k{more})"
    )
    columns = {c: base.columns[c] for c in kept} | {f"y_{c}": t for c, t in LOOKED_UP.items()}
    used = (*base.used, f"lookup {kind} JOIN", "jdbc")
    return Relation(text, columns, (), False, False, used, base.nodes)
