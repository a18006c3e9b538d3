"""A regular join: both sides are kept, and each change finds its partners; its queries: `JoinSql`.

Over bounded input (in batch mode) only the final rows come out, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidemill.interfaces.connector import Changelog
from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.fuse import Chain
from tidemill.plan.joins import JoinSql, SideSql, split_condition
from tidemill.plan.keys import state_bound, state_ttl_ms
from tidemill.plan.physical import OperatorStage, changelog_mode
from tidemill.plan.planning import Columns, Planning, stage_schema
from tidemill.sql.logical import Join, JoinKind
from tidemill.sql.render import render_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSide:
    """One side: what is kept, its part of the condition, and whether rows are withdrawn."""

    sql: SideSql
    compared: tuple[tuple[str, str], ...]
    retracts: bool
    ttl_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularJoinStage(OperatorStage):
    """The edges' queries give `JoinSide.sql.columns`, the key's code, and what withdraws rows.

    That is the weight and the row's code. `condition` is over the relation `<id>_pairs`; empty:
    equal codes are enough. `used` are the output columns that are filled. With `final` nothing
    comes out before the end.
    """

    kind: JoinKind
    sides: tuple[JoinSide, JoinSide]
    condition: str
    keys: tuple[str, ...]
    residual: str | None
    used: Columns
    width: int
    final: bool

    @property
    def title(self) -> str:
        """As Flink names it."""
        return "Join"

    def facts(self) -> dict[str, Any]:
        """Keys, type, and how long both sides are kept."""
        left, right = (state_bound("rows", side.ttl_ms) for side in self.sides)
        bound = left if left == right else f"left {left}, right {right}"
        return {
            "join": self.kind.value,
            "keys": list(self.keys),
            "condition": self.residual,
            "changelog": changelog_mode(self.changelog),
            "state": "all rows of both sides, until the input ends"
            if self.final
            else f"the rows of both sides; {bound}",
            "sql": self.condition or None,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """What is kept of each side."""
        sides = [part for s in self.sides for part in (*s.sql.columns, s.sql.codes, s.sql.changes)]
        return (self.kind.value, self.condition, str(self.final), *sides)

    @property
    def growing_rows(self) -> bool:
        """Both sides are kept for ever, unless a TTL forgets them."""
        return not self.final and not all(side.ttl_ms for side in self.sides)


def plan_regular(node: Join, planning: Planning, used: Columns) -> RegularJoinStage:
    """Plan a join whose rows may meet at any time."""
    equalities, rest = split_condition(node)
    name = ""  # the queries name their relations: first plan the inputs, then count
    first = JoinSql(node, used, (False, False), name, planning.zone, equalities, rest)
    parts = [
        planning.parts(side, first.wanted(port))
        for port, side in enumerate((node.left, node.right))
    ]
    retracts = [_retracts(planning, part, node) for part in parts]
    name = planning.name("j")
    sql = JoinSql(node, used, retracts, name, planning.zone, equalities, rest)
    ttl_ms = state_ttl_ms(planning.settings, node.where)
    final = planning.bounded(node)
    sides = [
        JoinSide(sql=sql.sides[port], compared=sql.compared(port), retracts=retracts[port],
                 ttl_ms=0 if final else ttl_ms)
        for port in (0, 1)
    ]  # fmt: skip
    appends = final or (not any(retracts) and node.kind in (JoinKind.INNER, JoinKind.SEMI))
    return RegularJoinStage(
        id=name,
        edges=tuple(
            sql.edge(port, chain, source, planning.changelogs[source].updates)
            for port, part in enumerate(parts)
            for chain, source in part
        ),
        schema=stage_schema(node.fields, not appends),
        changelog=APPEND_ONLY if appends else Changelog(True),
        kind=node.kind,
        sides=(sides[0], sides[1]),
        condition=sql.condition(),
        keys=tuple(
            f"{render_expression(e.left)} = {render_expression(e.right)}" for e in equalities
        ),
        residual=None if rest is None else render_expression(rest),
        used=used,
        width=sql.width,
        final=final,
        where=node.where or planning.where,
    )


def _retracts(planning: Planning, parts: list[tuple[Chain, str]], node: Join) -> bool:
    changelogs = [planning.changelogs[name] for _, name in parts]
    refusals.joined_upserts(changelogs, node.where)
    return any(changelog.updates for changelog in changelogs)
