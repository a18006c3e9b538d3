"""Whole queries: a relation, and six columns of fixed types over it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from generator.expressions import Node, expression
from generator.relations import Relation, relation

SLOTS = ("BIGINT", "STRING", "DOUBLE", "DECIMAL(20, 4)", "TIMESTAMP(3)", "BOOLEAN")


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
        """The operators, functions and types within."""
        found = Counter(self.relation.used)
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
    outputs = [expression(generator, kind, base.columns, 2) for kind in SLOTS]
    return Query(number, base, tuple(outputs))
