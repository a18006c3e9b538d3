"""The plan for people and tools: a tree of operators, with the queries that run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlglot

from tidemill.interfaces.connector import Changelog
from tidemill.plan.physical import (
    KIND,
    AggregateStage,
    FusedStage,
    GroupStage,
    OperatorStage,
    OutputStage,
    PhysicalPlan,
    RankStage,
    SourceStage,
)


@dataclass(frozen=True, slots=True)
class ExplainNode:
    """One operator: what it is, its facts, and what feeds it."""

    id: str
    operator: str
    facts: dict[str, Any]
    inputs: tuple[ExplainNode, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "id": self.id,
            "operator": self.operator,
            **self.facts,
            "inputs": [node.as_dict() for node in self.inputs],
        }


@dataclass(frozen=True, slots=True)
class ExplainTree:
    """One tree per output; `str()` is the text form."""

    outputs: tuple[ExplainNode, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for `--json`."""
        return {"outputs": [node.as_dict() for node in self.outputs]}

    def __str__(self) -> str:
        return self.text(queries=True)

    def text(self, *, queries: bool) -> str:
        """The tree for people, with or without the queries that DuckDB runs."""
        lines: list[str] = []
        for node in self.outputs:
            _render(node, 0, lines, queries=queries)
        return "\n".join(lines)


def explain(plan: PhysicalPlan) -> ExplainTree:
    """Show what the embedded engine runs for a plan."""
    return ExplainTree(tuple(_output(plan, output) for output in plan.outputs))


def changelog_mode(changelog: Changelog) -> str:
    """The kinds of row, as Flink writes them."""
    if not changelog.updates:
        return "I"
    return "I,UA,D" if changelog.upsert else "I,UB,UA,D"


def _output(plan: PhysicalPlan, stage: OutputStage) -> ExplainNode:
    facts: dict[str, Any] = {
        "table": stage.sink.name if stage.sink else None,
        "connector": stage.sink.options.get("connector") if stage.sink else "caller",
        "columns": stage.schema.names,
        "changelog": changelog_mode(stage.changelog),
    }
    inputs = tuple(_edge(plan, edge) for edge in stage.edges)
    return ExplainNode(stage.id, "Sink" if stage.sink else "Collect", facts, inputs)


def _edge(plan: PhysicalPlan, edge: FusedStage) -> ExplainNode:
    node = _node(plan, edge.input)
    if edge.identity:
        return node
    facts = {"filters": edge.filters, "sql": edge.query}
    return ExplainNode(f"{edge.input}>", "Fused", facts, (node,))


def _node(plan: PhysicalPlan, name: str) -> ExplainNode:
    for source in plan.sources:
        if source.id == name:
            return _source(source)
    operator = next(o for o in plan.operators if o.id == name)
    inputs = tuple(_edge(plan, edge) for edge in operator.edges)
    return ExplainNode(operator.id, _title(operator), _operator_facts(operator), inputs)


def _title(stage: OperatorStage) -> str:
    if isinstance(stage, RankStage):
        names = {"top": "TopN", "window": "WindowTopN"}
        return names.get(stage.kind, "Deduplicate")
    if isinstance(stage, GroupStage):
        return "GroupAggregate" if stage.aggregates else "Distinct"
    if not isinstance(stage, AggregateStage):
        return "Sort" if stage.query else "Limit"
    if stage.grid is None:
        return "BoundedAggregate"
    return "HopAggregate" if stage.grid.hops else "TumbleAggregate"


def _operator_facts(stage: OperatorStage) -> dict[str, Any]:
    if isinstance(stage, GroupStage):
        return _group_facts(stage)
    if isinstance(stage, RankStage):
        return _rank_facts(stage)
    if not isinstance(stage, AggregateStage):
        return {"limit": stage.limit, "offset": stage.offset, "sql": stage.query}
    facts: dict[str, Any] = {
        "keys": list(stage.keys),
        "aggregates": list(stage.aggregates),
        "changelog": "I",
        "retracts": stage.retracts,
    }
    if stage.grid is None:
        facts["state"] = "partials, one row per key, until the input ends"
    else:
        grid = stage.grid
        facts["size_ms"] = grid.size_us // 1000
        facts["slide_ms"] = grid.slide_us // 1000
        facts["offset_ms"] = grid.offset_us // 1000
        panes = grid.size_us // grid.pane_us
        facts["state"] = (
            f"partials, one row per key and pane of {grid.pane_us // 1000} ms; bounded by the keys "
            f"of about {panes + 1} panes plus the watermark delay"
        )
    facts["merge_sql"], facts["sql"] = stage.merge, stage.emit
    return facts


def _rank_facts(stage: RankStage) -> dict[str, Any]:
    kept = f"the first {stage.limit} rows of each partition"
    if stage.retracts:
        kept = "all rows of each partition"
    elif stage.kind.startswith("first"):
        kept = "one row per partition"
    bound = f"partitions of the last {stage.ttl_ms} ms" if stage.ttl_ms else "unbounded: no TTL"
    state = "none" if stage.kind == "window" else f"{kept}; {bound}"
    return {
        "partition_by": list(stage.keys),
        "order_by": list(stage.order),
        "keep": None if stage.kind in ("top", "window") else stage.kind,
        "limit": stage.limit,
        "number": stage.number,
        "changelog": "I,UB,UA,D" if KIND in stage.schema.names else "I",
        "state": state,
        "sql": stage.top,
    }


def _group_facts(stage: GroupStage) -> dict[str, Any]:
    kept = "partials, one row per key"
    if stage.values:
        kept += ", and one row per key and counted value"
    bound = f"keys of the last {stage.ttl_ms} ms" if stage.ttl_ms else "unbounded: no TTL"
    return {
        "keys": list(stage.keys),
        "aggregates": list(stage.aggregates),
        "changelog": "I,UB,UA,D",
        "retracts": stage.retracts,
        "state": f"{kept}; {bound}",
        "merge_sql": stage.merge,
        "sql": stage.changes,
    }


def _source(stage: SourceStage) -> ExplainNode:
    needed = stage.table.columns_needed
    facts: dict[str, Any] = {
        "table": stage.table.name,
        "connector": stage.table.options.get("connector", "values"),
        "columns_read": sorted(needed) if needed is not None else list(stage.table.schema.names),
        "changelog": changelog_mode(stage.changelog),
        "bounded": stage.bounded,
    }
    if stage.event_time is not None:
        facts["rowtime"] = stage.event_time.rowtime
        facts["watermark"] = stage.event_time.watermark
        facts["idle_timeout_ms"] = stage.idle_timeout_ms
        facts["late_rows"] = stage.late_mode
    return ExplainNode(stage.id, "Source", facts)


_HIDDEN = ("sql", "merge_sql")


def _render(node: ExplainNode, depth: int, lines: list[str], *, queries: bool) -> None:
    pad = "   " * depth + ("+- " if depth else "")
    facts = ", ".join(
        f"{key}={_short(value)}"
        for key, value in node.facts.items()
        if key not in _HIDDEN and value is not None and value is not False and value != []
    )
    lines.append(f"{pad}{node.operator}({facts})")
    sql = node.facts.get("sql")
    if sql and queries:
        pretty = sqlglot.parse_one(sql, read="duckdb").sql(dialect="duckdb", pretty=True)
        lines.extend("   " * (depth + 1) + "| " + line for line in pretty.splitlines())
    for child in node.inputs:
        _render(child, depth + 1, lines, queries=queries)


def _short(value: Any) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, list) else str(value)
