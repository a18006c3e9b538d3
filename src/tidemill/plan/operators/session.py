"""SESSION windows: an aggregate in sessions, or the rows with their sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.fuse import Chain
from tidemill.plan.local_time import window_zone
from tidemill.plan.physical import OperatorStage, changelog_mode
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.plan.sessions import SessionRowsSql, SessionSql
from tidemill.records import dataclass
from tidemill.sql.logical import Aggregate, WindowSpec, WindowTableFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStage(OperatorStage):
    """The edges' queries give rows with their keys `g0`... and time `t`.

    With aggregates `partial` makes partials of the relation `<id>_batch`, `merge` makes one row of
    each session (and value) of the relation `<id>`; without, both are None and rows are kept.
    `emit` finishes the sessions of the relation `<id>_ended`. `partials` are the stored columns
    behind the session's number and the keys.
    """

    window: WindowSpec
    partial: str | None
    merge: str | None
    emit: str
    partials: tuple[str, ...]
    keys: tuple[str, ...]
    aggregates: tuple[str, ...]
    retracts: bool
    zone: str | None
    """The zone on whose clock sessions lie; None: UTC."""

    @property
    def title(self) -> str:
        """An aggregate, or the table function alone."""
        return "SessionAggregate" if self.partial else "SessionWindow"

    @property
    def gap_us(self) -> int:
        """The greatest distance of two neighbours in one session, epoch microseconds."""
        return self.window.size_ms * 1000

    @property
    def on_clock(self) -> bool:
        """Whether sessions are of processing time."""
        return self.window.on_clock

    def facts(self) -> dict[str, Any]:
        """Keys, gap, and how long sessions live."""
        kept = "partials, one row per open session" if self.partial else "the rows of open sessions"
        return {
            "keys": list(self.keys),
            "aggregates": list(self.aggregates) or None,
            "time": "processing time" if self.on_clock else None,
            "gap_ms": self.window.size_ms,
            "changelog": changelog_mode(self.changelog),
            "retracts": self.retracts,
            "state": f"{kept}; bounded by the keys that are active within the gap",
            "merge_sql": self.merge,
            "sql": self.emit,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The queries name every stored column."""
        return (self.partial or "", self.merge or "", self.emit, str(self.gap_us))

    @property
    def waits_for_watermark(self) -> bool:
        """Sessions end by event time."""
        return not self.on_clock


def plan_sessions(
    node: Aggregate,
    planning: Planning,
    parts_of: Callable[[Aggregate, Planning], tuple[list[tuple[Chain, str]], bool]],
) -> SessionStage:
    """Plan an aggregate in sessions, one stream of sessions per value of the keys."""
    window = node.window
    assert window is not None
    refusals.window_time(window, node.input, planning.watermarks, planning.where)
    parts, retracts = parts_of(node, planning)
    refusals.panes(node, retracts, planning.where)
    name = planning.name("n")
    sql = SessionSql(node, None, retracts, name, planning.zone)
    return SessionStage(
        id=name,
        edges=tuple(sql.rows(c, n, planning.changelogs[n].updates) for c, n in parts),
        window=window,
        partial=sql.partial(),
        merge=sql.merge(),
        emit=sql.emit(),
        partials=tuple(sql.partial_names()),
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        keys=tuple(f.name for f in node.fields[: len(node.keys)]),
        aggregates=tuple(call.function for call in node.aggregates),
        retracts=retracts,
        zone=window_zone(node.input.fields[window.time_column].type, planning.zone),
        where=planning.where,
    )


def _plan_rows(node: WindowTableFunction, planning: Planning, _used: Columns) -> SessionStage:
    window = node.window
    refusals.window_time(window, node.input, planning.watermarks, planning.where)
    parts = planning.parts(node.input, frozenset(range(len(node.input.fields))))
    changelogs = [planning.changelogs[name] for _, name in parts]
    refusals.session_changes(changelogs, planning.where)
    name = planning.name("n")
    sql = SessionRowsSql(node, name, planning.zone)
    return SessionStage(
        id=name,
        edges=tuple(sql.edge(c, n) for c, n in parts),
        window=window,
        partial=None,
        merge=None,
        emit=sql.emit(),
        partials=(),
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        keys=tuple(node.input.fields[i].name for i in window.partition_columns),
        aggregates=(),
        retracts=False,
        zone=window_zone(node.input.fields[window.time_column].type, planning.zone),
        where=planning.where,
    )


ROWS_PLANNER = OperatorPlanner(_plan_rows)
