"""The plan for people and tools: a tree of operators, with the queries that run."""

from __future__ import annotations

from typing import Any

import sqlglot

from tidemill.plan.physical import (
    FusedStage,
    OutputStage,
    PhysicalPlan,
    SourceStage,
    changelog_mode,
)
from tidemill.records import dataclass


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


def _output(plan: PhysicalPlan, stage: OutputStage) -> ExplainNode:
    facts: dict[str, Any] = {
        "table": stage.sink.name if stage.sink else None,
        "connector": stage.sink.options.get("connector") if stage.sink else "caller",
        "columns": stage.schema.names,
        "changelog": changelog_mode(stage.changelog),
        **_checks(stage),
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
    return ExplainNode(operator.id, operator.title, operator.facts(), inputs)


def _source(stage: SourceStage) -> ExplainNode:
    needed = stage.table.columns_needed
    facts: dict[str, Any] = {
        "table": stage.table.name,
        "connector": stage.table.options.get("connector", "values"),
        "columns_read": sorted(needed) if needed is not None else list(stage.table.schema.names),
        "fields_read": [
            f"{name}.{field.name}"
            for name, type_ in sorted(stage.table.read_as.items())
            for field in type_.fields
        ],
        "changelog": changelog_mode(stage.changelog),
        "bounded": stage.bounded,
    }
    if stage.event_time is not None:
        facts["rowtime"] = stage.event_time.rowtime
        facts["watermark"] = stage.event_time.watermark
        facts["idle_timeout_ms"] = stage.idle_timeout_ms
        facts["late_rows"] = stage.late_mode
    facts |= _checks(stage)
    return ExplainNode(stage.id, "Source", facts)


def _checks(stage: SourceStage | OutputStage) -> dict[str, list[str]]:
    """The expectations on a table's rows, with what becomes of a row that misses one."""
    if stage.checks is None:
        return {}
    return {"checks": [f"{check.name}: {check.action}" for check in stage.checks.checks]}


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
