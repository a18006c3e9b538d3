"""What cannot be traced back, by name."""

from __future__ import annotations

from tidemill.errors import UserError
from tidemill.sql.logical import (
    Aggregate,
    LogicalNode,
    LookupJoin,
    MatchRecognize,
    OverAggregate,
    Scan,
    SetOperation,
    WindowTableFunction,
    inputs,
)

_NAMES = {
    OverAggregate: "a function with OVER: each row is made of its neighbours too",
    MatchRecognize: "MATCH_RECOGNIZE: a row is made of a whole match",
    SetOperation: "INTERSECT or EXCEPT: a row stands because of how often others do",
}
_REPEATABLE = ("kafka", "upsert-kafka", "filesystem", "jdbc", "redis", "iceberg", "delta")


def refuse(node: LogicalNode) -> UserError:
    """The error for a node that has no rule."""
    what = next((said for kind, said in _NAMES.items() if isinstance(node, kind)), None)
    return untraceable(what or type(node).__name__)


def untraceable(what: str) -> UserError:
    """The error that says what stands in the way."""
    return UserError(
        f"this row cannot be traced back through {what}",
        code="control.untraceable",
        hint="For one message, ask the other way: tidemill why-not PIPELINE TOPIC:PARTITION:OFFSET",
    )


def check_repeatable(node: LogicalNode) -> None:
    """Refuse what gives other rows on each run: the clock, and tables that are made up."""
    for one in _all(node, set()):
        if isinstance(one, (Aggregate, WindowTableFunction)):
            window = one.window
            if window is not None and window.on_clock:
                raise untraceable("a window over processing time: it differs on every run")
        if isinstance(one, Scan):
            connector = one.table.options.get("connector", "")
            if connector not in _REPEATABLE:
                raise untraceable(
                    f"the table {one.table.name}: connector {connector} gives other rows on each "
                    "read"
                )
        if isinstance(one, LookupJoin) and one.table.options.get("connector") not in _REPEATABLE:
            raise untraceable(f"a lookup in {one.table.name}, which is not kept")


def _all(node: LogicalNode, seen: set[int]) -> list[LogicalNode]:
    if id(node) in seen:
        return []
    seen.add(id(node))
    return [node, *(below for one in inputs(node) for below in _all(one, seen))]
