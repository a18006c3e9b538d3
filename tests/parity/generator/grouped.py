"""Builders of relations: WHERE, GROUP BY with grouping sets, DISTINCT, set operations, UNNEST."""

from __future__ import annotations

import random

from generator.expressions import Node, expression
from generator.relations import Relation, aggregates, all_of, keys, plain, scope, table
from generator.tables import CHANGED, COLUMNS


def filtered(generator: random.Random, base: Relation) -> Relation:
    """WHERE."""
    node = expression(generator, "BOOLEAN", scope(base), 2)
    return Relation(
        f"(SELECT {all_of(base)} FROM {base.text} WHERE {node.sql()})",
        base.columns, base.unique, base.rowtime, base.changes, (*base.used, "WHERE"),
        (*base.nodes, node),
    )  # fmt: skip


def grouped(generator: random.Random, base: Relation) -> Relation:
    """GROUP BY, some with HAVING."""
    by = keys(generator, base)
    made = aggregates(generator, base)
    having = " HAVING COUNT(*) > 1" if generator.random() < 0.3 else ""
    text = f"(SELECT {', '.join([*by, *made.texts])} FROM {base.text} GROUP BY {', '.join(by)}"
    used = (*base.used, "GROUP BY", *made.names, *(["HAVING"] if having else []))
    columns = {k: base.columns[k] for k in by} | dict(made.columns)
    return Relation(f"{text}{having})", columns, tuple(by), False, True, used,
                    (*base.nodes, *made.nodes))  # fmt: skip


def sets_of(generator: random.Random, by: list[str]) -> tuple[str, str]:
    """GROUPING SETS, ROLLUP or CUBE of columns, and its name."""
    kind = generator.choice(("GROUPING SETS", "ROLLUP", "CUBE"))
    if kind == "GROUPING SETS":
        return f"GROUPING SETS ({', '.join(f'({k})' for k in by)}, ())", kind
    return f"{kind} ({', '.join(by)})", kind


def grouping_sets(generator: random.Random, base: Relation) -> Relation:
    """GROUP BY GROUPING SETS and its like."""
    by = keys(generator, base)
    made = aggregates(generator, base)
    sets, kind = sets_of(generator, by)
    text = (
        f"(SELECT {', '.join([*by, *made.texts])}, GROUPING({by[0]}) AS gr FROM {base.text} "
        f"GROUP BY {sets})"
    )
    columns = {k: base.columns[k] for k in by} | dict(made.columns) | {"gr": "BIGINT"}
    return Relation(text, columns, (), False, True,
                    (*base.used, kind, *made.names), (*base.nodes, *made.nodes))  # fmt: skip


def distinct(generator: random.Random, base: Relation) -> Relation:
    """SELECT DISTINCT."""
    known = plain(base)
    chosen = generator.sample(known, min(len(known), generator.randint(1, 3)))
    text = f"(SELECT DISTINCT {', '.join(chosen)} FROM {base.text})"
    columns = {c: base.columns[c] for c in chosen}
    used = (*base.used, "SELECT DISTINCT")
    return Relation(text, columns, tuple(chosen), False, True, used, base.nodes)


_SETS = ("UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")


def set_operation(generator: random.Random, base: Relation) -> Relation:
    """A set operation with a table of events or of changes.

    INTERSECT ALL and EXCEPT ALL are of one column, counted: of more, Flink compares only those that
    are read of the result, which gives other rows.
    """
    other = table(generator.choice(("t1", "t2", "c1")), generator)
    shared = [c for c in plain(base) if COLUMNS.get(c) == base.columns[c]]
    shared = [c for c in shared if other.text != "c1" or c in CHANGED]
    if not shared:
        return filtered(generator, base)
    kind = generator.choice(_SETS)
    counted = kind in ("INTERSECT ALL", "EXCEPT ALL")
    most = 5 if kind == "UNION ALL" else 1 if counted else 2
    chosen = generator.sample(shared, min(len(shared), most))
    names = ", ".join(chosen)
    text = f"(SELECT {names} FROM {base.text} {kind} SELECT {names} FROM {other.text})"
    columns = {c: base.columns[c] for c in chosen}
    if counted:
        text = f"(SELECT {names}, COUNT(*) AS n FROM {text} GROUP BY {names})"
        columns |= {"n": "BIGINT"}
    changes = base.changes or other.changes or kind != "UNION ALL"
    unique = () if kind == "UNION ALL" else tuple(chosen)
    used = (*base.used, *other.used, kind)
    return Relation(text, columns, unique, False, changes, used, base.nodes)


_UNNESTED = (
    ("a", "UNNEST(a) AS u(el)", "el", {"el": "INT"}),
    ("a", "UNNEST(a) WITH ORDINALITY AS u(el, o)", "el, o", {"el": "INT", "o": "INT"}),
    ("m", "UNNEST(m) AS u(mk, mv)", "mk, mv", {"mk": "STRING", "mv": "INT"}),
    ("ar", "UNNEST(ar) AS u(u1, w1)", "u1, w1", {"u1": "INT", "w1": "STRING"}),
)


def collected(generator: random.Random, base: Relation) -> Relation:
    """The elements of a MULTISET that COLLECT made."""
    text = Node("STRING", generator.choice([c for c, k in base.columns.items() if k == "STRING"]))
    (key,) = keys(generator, base, 1)
    made = f"SELECT {key}, COLLECT({text.sql()}) AS ms FROM {base.text} GROUP BY {key}"
    columns = {key: base.columns[key], "el": "STRING"}
    used = (*base.used, "UNNEST MULTISET", "COLLECT()")
    nodes = (*base.nodes, Node("MULTISET<STRING>", "ms"))
    return Relation(f"(SELECT {key}, el FROM ({made}) CROSS JOIN UNNEST(ms) AS u(el))", columns,
                    (), False, True, used, nodes)  # fmt: skip


def unnested(generator: random.Random, base: Relation) -> Relation:
    """The elements of an array, a map, or an array of rows."""
    known = [form for form in _UNNESTED if form[0] in base.columns]
    of, call, names, made = generator.choice(known)
    kept = [c for c in base.columns if c != of]
    join, on = generator.choice((("CROSS JOIN", ""), ("LEFT JOIN", " ON TRUE")))
    text = f"(SELECT {', '.join(kept)}, {names} FROM {base.text} {join} {call}{on})"
    columns = {c: base.columns[c] for c in kept} | made
    form = "WITH ORDINALITY" if "ORDINALITY" in call else base.columns[of].split("<")[0]
    used = (*base.used, f"UNNEST {form}")
    return Relation(text, columns, (), False, base.changes, used, base.nodes)
