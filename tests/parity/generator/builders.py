"""What stands in FROM: tables, and builders put one on another."""

from __future__ import annotations

import random
from collections.abc import Callable

from generator import grouped, joined, ranked, windowed
from generator.relations import Relation, named, settled, table

Build = Callable[[random.Random, Relation], Relation]

BUILDERS: tuple[tuple[Build, Callable[[Relation], bool]], ...] = (
    (grouped.filtered, lambda base: True),
    (grouped.grouped, settled),
    (grouped.grouping_sets, settled),
    (grouped.distinct, settled),
    (grouped.set_operation, settled),
    (grouped.unnested, lambda base: bool({"a", "m", "ar"} & set(base.columns))),
    (grouped.collected, lambda base: settled(base) and "STRING" in base.columns.values()),
    (windowed.window, named),
    (windowed.session, named),
    (windowed.group_window, named),
    (windowed.window_rows, named),
    (windowed.cascade, named),
    (windowed.window_rank, named),
    (windowed.window_join, named),
    (windowed.over, named),
    (windowed.patterns, named),
    (windowed.interval_join, lambda base: base.rowtime),
    (joined.join, joined.joinable),
    (joined.semi, lambda base: True),
    (joined.temporal, lambda base: base.rowtime),
    (joined.lookup, named),
    (ranked.top, lambda base: ranked.rankable(base) and "rn" not in base.columns),
    (ranked.sorted_first, ranked.rankable),
    (ranked.deduplicated, named),
)
"""A builder, and the relations it may be put on."""


def relation(generator: random.Random, depth: int) -> Relation:
    """A random relation: one to `depth` builders on a table."""
    base = table(
        generator.choice(("t1", "t1", "t1", "t1", "t2", "t2", "c1", "c1", "VALUES")), generator
    )
    for _ in range(generator.randint(1, depth)):
        builders = [build for build, allowed in BUILDERS if allowed(base)]
        base = generator.choice(builders)(generator, base)
    return base
