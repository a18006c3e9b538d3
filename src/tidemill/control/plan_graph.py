"""A plan's shape as plain data: nodes from source table to sink, and the edges between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidemill.engine.samples import unique
from tidemill.plan.operators.python_calc import PythonCalcStage

if TYPE_CHECKING:
    from tidemill.model import TableDescriptor
    from tidemill.plan import PhysicalPlan

_PLACES = ("topic", "table-name", "path")


def graph_as_dict(plan: PhysicalPlan) -> dict[str, Any]:
    """`nodes` with id, kind (source, operator, sink, collect), title, table, connector and place;
    `edges` with from, to, port, and whether the stateless work on them can drop rows.

    `keeps_late` says whether late rows of a source go to its `$late` table.
    The place is the topic, table or path that a connector reads or writes; no secret is in it.
    `columns` are the names in a node's rows, each with the columns of tables it is made of;
    `predictions` are the columns that a model gives, with the model's name and its call.
    """  # noqa: D205 - one sentence
    nodes = [
        {**_table(s.id, "source", s.table), "keeps_late": s.late_mode == "table"}
        for s in plan.sources
    ]
    nodes += [_node(operator.id, "operator", operator.title) for operator in plan.operators]
    nodes += [
        _node(output.id, "collect", "SELECT")
        if output.sink is None
        else _table(output.id, "sink", output.sink)
        for output in plan.outputs
    ]
    edges = [
        {
            "from": edge.input,
            "to": stage,
            "port": edge.port,
            "filters": edge.filters,
            "identity": edge.identity,
        }
        for stage, inputs in [
            *((operator.id, operator.edges) for operator in plan.operators),
            *((output.id, output.edges) for output in plan.outputs),
        ]
        for edge in inputs
    ]
    for node in nodes:
        node["columns"] = _columns(plan, node["id"])
    for operator in plan.operators:
        if isinstance(operator, PythonCalcStage):
            next(n for n in nodes if n["id"] == operator.id)["predictions"] = _predictions(
                operator, _columns(plan, operator.id)
            )
    return {"nodes": nodes, "edges": edges}


def _columns(plan: PhysicalPlan, node: str) -> list[dict[str, Any]]:
    columns = plan.columns.get(node, ())
    return [
        {"name": name, "origins": [f"{table}.{origin}" for table, origin in column.origins]}
        for name, column in zip(unique(c.name for c in columns), columns, strict=True)
    ]


def _predictions(stage: PythonCalcStage, columns: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "model": call.function.name,
            "call": call.text,
            "column": columns[stage.passed + n]["name"],
        }
        for n, call in enumerate(stage.calls)
        if call.function.is_model and stage.passed + n < len(columns)
    ]


def edge_rows(graph: Mapping[str, Any], counters: Mapping[str, int]) -> list[int]:
    """The rows that went along each edge since the pipeline first started."""
    inputs: dict[str, int] = {}
    for edge in graph["edges"]:
        inputs[edge["to"]] = inputs.get(edge["to"], 0) + 1
    return [
        counters.get(
            f"{edge['to']}.in" if inputs[edge["to"]] == 1 else f"{edge['to']}.in.{edge['from']}", 0
        )
        for edge in graph["edges"]
    ]


def _table(id_: str, kind: str, table: TableDescriptor) -> dict[str, Any]:
    connector = table.options.get("connector", "values")
    place = next((table.options[key] for key in _PLACES if key in table.options), None)
    return {
        **_node(id_, kind, table.name),
        "table": table.name,
        "connector": connector,
        "place": place,
    }


def _node(id_: str, kind: str, title: str) -> dict[str, Any]:
    return {"id": id_, "kind": kind, "title": title}
