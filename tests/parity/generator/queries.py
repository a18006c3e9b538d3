"""Whole queries: a relation, and columns of fixed types over it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from generator.builders import relation
from generator.expressions import Form, Node, expression
from generator.relations import Relation

SLOTS = ("BIGINT", "STRING", "DOUBLE", "STRING")
_SHOWN = {
    "FLOAT": "{} > 1",
    "DOUBLE": "{} > 1",
    "MAP": "CARDINALITY({})",
    "BYTES": "{} = X'00'",
    "BINARY": "{} = X'0001'",
    "VARBINARY": "{} = X'616263'",
}
"""What is shown of types whose text is not the same on both engines, or no text at all."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query; `number` is its place in the campaign."""

    number: int
    relation: Relation
    outputs: tuple[Node, ...]

    def sql(self) -> str:
        """The SELECT, tagged with the query's number."""
        outputs = [
            f"CAST({node.sql()} AS {kind}) AS c{i}"
            for i, (node, kind) in enumerate(zip(self.outputs, SLOTS, strict=True))
        ]
        return f"SELECT {self.number} AS q, {', '.join(outputs)} FROM {self.relation.text}"

    def used(self) -> Counter[str]:
        """The forms (`form:`), functions and operators (`function:`) and types (`type:`) within."""
        found = Counter(f"form:{name}" for name in self.relation.used if not name.endswith("()"))
        found.update(f"function:{n[:-2]}" for n in self.relation.used if n.endswith("()"))
        for node in (*self.outputs, *self.relation.nodes):
            found.update(node.names())
        return found

    def simpler(self) -> Iterator[Query]:
        """The same with less in it, for shrinking."""
        for index, node in enumerate(self.outputs):
            for less in node.simpler():
                outputs = [*self.outputs]
                outputs[index] = less
                yield replace(self, outputs=tuple(outputs))


def query(seed: int, number: int, depth: int = 3) -> Query:
    """The query of that number in the campaign of that seed."""
    generator = random.Random(f"{seed}:{number}")
    base = relation(generator, depth)
    outputs = [expression(generator, kind, base.columns, 2) for kind in SLOTS[:-1]]
    return Query(number, base, (*outputs, _shown(generator, base)))


def _shown(generator: random.Random, base: Relation) -> Node:
    """Up to five columns as they are, in one text."""
    chosen = generator.sample(list(base.columns), min(len(base.columns), 5))
    kinds = tuple(base.columns[c] for c in chosen)
    shown = [
        _SHOWN.get(kind.split("(")[0].split("<")[0], "{}").format(f"{{{place}}}")
        for place, kind in enumerate(kinds)
    ]
    text = ", ".join(f"COALESCE(CAST({value} AS STRING), '-')" for value in shown)
    columns = tuple(Node(kind, c) for kind, c in zip(kinds, chosen, strict=True))
    return Node(
        "STRING", "", Form("CONCAT_WS", f"CONCAT_WS('|', {text})", "STRING", kinds), columns
    )
