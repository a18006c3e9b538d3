"""Top-N or deduplication over keyed state; its queries: `RankSql`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tidemill.interfaces.connector import Changelog
from tidemill.model.types import BIGINT
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.keys import state_bound, state_ttl_ms
from tidemill.plan.operators.over import plan_at_end, plan_over, row_number
from tidemill.plan.operators.window_rank import plan_window_rank
from tidemill.plan.physical import OperatorStage, changelog_mode
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.plan.ranks import RankKind, RankSql, rank_kind
from tidemill.records import dataclass
from tidemill.sql.logical import Rank, RowField, Sort
from tidemill.sql.render import render_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class RankStage(OperatorStage):
    """The edges' queries give the input's columns, partition keys (`partition`), and sort keys.

    Event time or weight follow where they are needed. `batch` orders the relation `<id>_batch` by
    partition, `top` orders the relation `<id>_rows` within each. The last output column is the
    number, which `number` says is used.
    """

    kind: RankKind
    batch: str
    top: str
    partition: tuple[str, ...]
    sorted_by: tuple[str, ...]
    """The columns that order a partition, the arrival last."""
    keys: tuple[str, ...]
    order: tuple[str, ...]
    limit: int
    offset: int
    """The first so many rows are kept, but do not come out."""
    number: bool
    shows_number: bool
    """Whether the number is an output column at all; ORDER BY ... LIMIT has none."""
    retracts: bool
    ttl_ms: int

    @property
    def title(self) -> str:
        """Top-N or deduplication."""
        names = {"top": "TopN", "window": "WindowTopN"}
        return names.get(self.kind, "Deduplicate")

    def facts(self) -> dict[str, Any]:
        """Partition, order, and which rows are kept."""
        kept = f"the first {self.limit} rows of each partition"
        if self.retracts:
            kept = "all rows of each partition"
        elif self.kind.startswith("first"):
            kept = "one row per partition"
        bound = state_bound("partitions", self.ttl_ms)
        return {
            "partition_by": list(self.keys),
            "order_by": list(self.order),
            "keep": None if self.kind in ("top", "window") else self.kind,
            "limit": self.limit,
            "offset": self.offset or None,
            "number": self.number,
            "changelog": changelog_mode(self.changelog),
            "state": "none" if self.kind == "window" else f"{kept}; {bound}",
            "sql": self.top,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The queries name every stored column."""
        return (self.kind, self.batch, self.top, f"{self.offset}, {self.limit}")

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """The partition, unless a TTL forgets it."""
        return () if self.ttl_ms or self.kind == "window" else self.keys


def _plan(node: Rank, planning: Planning, used: Columns) -> OperatorStage:
    parts = planning.parts(node.input, frozenset(range(len(node.input.fields))))
    retracts = any(planning.changelogs[name].updates for _, name in parts)
    in_windows = rank_kind(node, [chain for chain, _ in parts], retracts) == "window"
    if planning.bounded(node) and not retracts and not in_windows:
        return plan_at_end(row_number(node), planning, node.limit)
    return _ranked(node, planning, used)


def _ranked(
    node: Rank, planning: Planning, used: Columns, kind: RankKind | None = None
) -> RankStage:
    limit = node.limit or 0
    parts = planning.parts(node.input, frozenset(range(len(node.input.fields))))
    changelogs = [planning.changelogs[name] for _, name in parts]
    retracts = any(changelog.updates for changelog in changelogs)
    kind = kind or rank_kind(node, [chain for chain, _ in parts], retracts)
    name = planning.name("r")
    sql = RankSql(node, kind, retracts, name, planning.zone)
    appends = kind.startswith("first") or kind == "window"
    return RankStage(
        id=name,
        edges=tuple(sql.edge(c, n, planning.changelogs[n].updates) for c, n in parts),
        kind=kind,
        batch=sql.batch(),
        top=sql.top(),
        schema=stage_schema(node.fields, not appends),
        changelog=APPEND_ONLY if appends else Changelog(True),
        partition=tuple(sql.keys()),
        sorted_by=tuple(sql.sorted_by()),
        keys=tuple(render_expression(key) for key in node.keys),
        order=tuple(render_expression(key.expression) for key in node.order),
        limit=limit,
        offset=0,
        number=_number_used(node, used),
        shows_number=True,
        retracts=retracts,
        ttl_ms=state_ttl_ms(planning.settings, planning.where),
        where=node.where,
    )


def plan_top(node: Sort, planning: Planning) -> RankStage:
    """ORDER BY ... LIMIT ... OFFSET over a stream: a Top-N of all rows, without a number."""
    number = RowField("$row_number", BIGINT.with_nullable(False))
    limit = node.offset + (node.limit or 0)
    rank = Rank(node.input, (), node.keys, (*node.fields, number), limit, planning.where)
    stage = _ranked(rank, planning, frozenset(range(len(node.fields))), "top")
    updates = stage.changelog.updates
    return replace(
        stage,
        offset=node.offset,
        shows_number=False,
        schema=stage_schema(node.fields, updates),
    )


def _number_used(node: Rank, used: Columns) -> bool:
    return len(node.fields) - 1 in used


def _plan_rank(node: Rank, planning: Planning, used: Columns) -> OperatorStage:
    if node.limit is None:
        return plan_over(row_number(node), planning)
    return plan_window_rank(node, planning) or _plan(node, planning, used)


PLANNER = OperatorPlanner(_plan_rank, _number_used)
