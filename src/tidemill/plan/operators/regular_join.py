"""A regular join: both sides are kept, and each change finds its partners; its queries: `JoinSql`.

Over bounded input (in batch mode) only the final rows come out, at the end.
"""

from __future__ import annotations

from typing import Any

from tidemill.interfaces.connector import Changelog
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.joins import split_condition
from tidemill.plan.keys import state_bound, state_ttl_ms
from tidemill.plan.operators.join_stage import JoinStage, draft_join
from tidemill.plan.planning import Columns, Planning, stage_schema
from tidemill.records import dataclass
from tidemill.sql.logical import Join, JoinKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularJoinStage(JoinStage):
    """With `final` nothing comes out before the end."""

    final: bool

    @property
    def title(self) -> str:
        """As Flink names it."""
        return "Join"

    def facts(self) -> dict[str, Any]:
        """Keys, type, and how long both sides are kept."""
        left, right = (state_bound("rows", side.ttl_ms) for side in self.sides)
        bound = left if left == right else f"left {left}, right {right}"
        kept = f"the rows of both sides; {bound}"
        if self.final:
            kept = "the rows of both sides, until the input ends"
        return {**JoinStage.facts(self), "state": kept}

    def fingerprint(self) -> tuple[str, ...]:
        """What is kept of each side, and when rows come out."""
        return (*JoinStage.fingerprint(self), str(self.final))

    @property
    def growing_rows(self) -> bool:
        """Both sides are kept for ever, unless a TTL forgets them."""
        return not self.final and not all(side.ttl_ms for side in self.sides)


def plan_regular(node: Join, planning: Planning, used: Columns) -> RegularJoinStage:
    """Plan a join whose rows may meet at any time."""
    draft = draft_join(node, planning, used, *split_condition(node))
    final = planning.bounded(node)
    inserts = not any(draft.retracts) and node.kind in (JoinKind.INNER, JoinKind.SEMI)
    appends = final or inserts
    return RegularJoinStage(
        id=draft.sql.name,
        edges=draft.edges,
        schema=stage_schema(node.fields, not appends),
        changelog=APPEND_ONLY if appends else Changelog(True),
        kind=node.kind,
        sides=draft.sides((0, 0) if final else _ttl_ms(node, planning)),
        condition=draft.sql.condition(),
        keys=draft.keys,
        residual=draft.residual,
        used=used,
        width=draft.sql.width,
        final=final,
        where=node.where or planning.where,
    )


def _ttl_ms(node: Join, planning: Planning) -> tuple[int, int]:
    """A hint of the query counts for its side, else the setting for both."""
    everywhere = state_ttl_ms(planning.settings, node.where)
    left, right = (everywhere if given is None else given for given in node.ttl_ms)
    return left, right
