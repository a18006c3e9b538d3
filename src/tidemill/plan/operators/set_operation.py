"""INTERSECT and EXCEPT: each row with how often either side has it, in keyed state."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tidemill.interfaces.connector import Changelog
from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.fuse import Chain, alias, column, names, over, probe_query, rows_query, text
from tidemill.plan.keys import state_bound, state_ttl_ms
from tidemill.plan.physical import KIND, ROW, FusedStage, OperatorStage, changelog_mode, wide
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.plan.ranks import WEIGHT, weight
from tidemill.records import dataclass
from tidemill.sql.logical import SetOperation, SetOperator

ROWS = "n"
"""Hidden column: how many rows of the batch are equal, for accounting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStage(OperatorStage):
    """Port 0 is the left side, 1 the right; the edges give each row once per batch.

    Behind the columns stand the weight (`w`) and the number of rows (`n`). `at_end`: the input is
    bounded, and the result comes when it ends, as inserts.
    """

    operator: SetOperator
    all: bool
    columns: tuple[str, ...]
    at_end: bool
    ttl_ms: int

    @property
    def title(self) -> str:
        """Intersect or Except, with All."""
        return self.operator.value.capitalize() + ("All" if self.all else "")

    def facts(self) -> dict[str, Any]:
        """What is kept, and for how long."""
        bound = "until the input ends" if self.at_end else state_bound("rows", self.ttl_ms)
        return {
            "keys": list(self.columns),
            "changelog": changelog_mode(self.changelog),
            "state": f"two counts for each different row of either side; {bound}",
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The operator decides what the counts mean."""
        return (self.title, str(self.at_end))

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """Whole rows, unless a TTL forgets them or the input ends."""
        return () if self.at_end or self.ttl_ms else self.columns


def _plan(node: SetOperation, planning: Planning, _used: Columns) -> SetStage:
    everything = frozenset(range(len(node.fields)))
    edges: list[FusedStage] = []
    for port, side in enumerate(node.inputs):
        for chain, source in planning.parts(side, everything):
            refusals.window_functions(chain, planning.where)
            changelog = planning.changelogs[source]
            edges.append(_edge(chain, source, changelog.updates, port))
    at_end = planning.bounded(node)
    return SetStage(
        id=planning.name("e"),
        edges=tuple(edges),
        schema=stage_schema(node.fields, not at_end),
        changelog=APPEND_ONLY if at_end else Changelog(True),
        operator=node.operator,
        all=node.all,
        columns=tuple(field.name for field in node.fields),
        at_end=at_end,
        ttl_ms=0 if at_end else state_ttl_ms(planning.settings, planning.where),
        where=planning.where,
    )


def _edge(chain: Chain, source: str, has_kind: bool, port: int) -> FusedStage:
    own = [column(name) for name in names(len(chain.fields))]
    rows = rows_query(chain, source, [KIND] if has_kind else [])
    total = exp.cast(exp.Sum(this=weight(has_kind)), "BIGINT")
    counts = [alias(total, WEIGHT), alias(exp.Count(this=exp.Star()), ROWS)]
    query = over(rows, [*own, *counts])
    query = query.group_by(*(exp.Literal.number(i + 1) for i in range(len(own))))
    return FusedStage(
        input=source,
        query=text(query),
        probe=text(probe_query(chain, wide(source), [])),
        passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
        filters=chain.filters,
        port=port,
    )


PLANNER = OperatorPlanner(_plan)
