"""What the kinds of join have in common: two kept sides, and a condition on pairs of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidemill.plan import refusals
from tidemill.plan.fuse import Chain
from tidemill.plan.joins import JoinSql, SideSql
from tidemill.plan.physical import FusedStage, OperatorStage, changelog_mode
from tidemill.plan.planning import Columns, Planning
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression
from tidemill.sql.join_conditions import Equality
from tidemill.sql.logical import Join, JoinKind
from tidemill.sql.render import render_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSide:
    """One side: what is kept, its part of the condition, and whether rows are withdrawn."""

    sql: SideSql
    compared: tuple[tuple[str, str], ...]
    retracts: bool
    ttl_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinStage(OperatorStage):
    """The edges' queries give `JoinSide.sql.columns`, the key's code, and what withdraws rows.

    That is the weight and the row's code. `condition` is over the relation `<id>_pairs`; empty:
    equal codes are enough. `used` are the output columns that are filled, `width` is the number of
    the left ones.
    """

    kind: JoinKind
    sides: tuple[JoinSide, JoinSide]
    condition: str
    keys: tuple[str, ...]
    residual: str | None
    used: Columns
    width: int

    def facts(self) -> dict[str, Any]:
        """Type, keys and condition."""
        return {
            "join": self.kind.value,
            "keys": list(self.keys),
            "condition": self.residual,
            "changelog": changelog_mode(self.changelog),
            "sql": self.condition or None,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """What is kept of each side."""
        sides = [part for s in self.sides for part in (*s.sql.columns, s.sql.codes, s.sql.changes)]
        return (self.kind.value, self.condition, *sides)


@dataclass(frozen=True, slots=True)
class JoinDraft:
    """A join whose inputs are planned: everything that its stage needs of the two sides."""

    sql: JoinSql
    edges: tuple[FusedStage, ...]
    retracts: tuple[bool, bool]
    keys: tuple[str, ...]
    residual: str | None

    def sides(self, ttl_ms: tuple[int, int] = (0, 0)) -> tuple[JoinSide, JoinSide]:
        """What is kept of both sides, and for how long."""
        left, right = (
            JoinSide(
                sql=self.sql.sides[port],
                compared=self.sql.compared(port),
                retracts=self.retracts[port],
                ttl_ms=ttl_ms[port],
            )
            for port in (0, 1)
        )
        return left, right


def draft_join(
    node: Join,
    planning: Planning,
    used: Columns,
    equalities: Sequence[Equality],
    rest: Expression | None,
    times: tuple[int, int] | None = None,
) -> JoinDraft:
    """Plan the inputs of a join, name it, and build its queries."""
    plain = (False, False)
    # the queries name their relations: the inputs are planned first, then the join gets its name
    first = JoinSql(node, used, plain, "", planning.zone, equalities, rest, times)
    parts = [
        planning.parts(side, first.wanted(port))
        for port, side in enumerate((node.left, node.right))
    ]
    for chain, _ in (*parts[0], *parts[1]):
        refusals.window_functions(chain, node.where)
    left, right = (_retracts(planning, part, node) for part in parts)
    sql = JoinSql(
        node, used, (left, right), planning.name("j"), planning.zone, equalities, rest, times
    )
    edges = tuple(
        sql.edge(port, chain, source, planning.changelogs[source].updates)
        for port, part in enumerate(parts)
        for chain, source in part
    )
    keys = tuple(f"{render_expression(e.left)} = {render_expression(e.right)}" for e in equalities)
    residual = None if rest is None else render_expression(rest)
    return JoinDraft(sql, edges, (left, right), keys, residual)


def _retracts(planning: Planning, parts: Sequence[tuple[Chain, str]], node: Join) -> bool:
    changelogs = [planning.changelogs[name] for _, name in parts]
    return any(changelog.updates for changelog in changelogs)
