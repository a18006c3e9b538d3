"""Rows between the operators of a running pipeline, and what its models answered.

Asking is wishing: see `control.sample_publisher`. Values of personal columns are masked, also where
they stand under another name, by the plan's column lineage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidemill.control.masks import Masks
from tidemill.control.pipeline_states import PipelineState, pipeline_state
from tidemill.control.sample_publisher import FILE, WANTED, WANTED_S, age_s
from tidemill.observe.log import MASK
from tidemill.services.state import read_json

if TYPE_CHECKING:
    from tidemill.project import Project


def samples(project: Project, pipeline: str) -> dict[str, list[dict[str, Any]]]:
    """The newest rows behind each node, newest first, by the node's id; masked.

    The first answer may be empty; the next ones come while one asks.
    """
    state = pipeline_state(project, pipeline)
    folder = project.state_dir / "pipelines" / state.name
    if not state.runs:
        return {}
    (folder / WANTED).touch(mode=0o600)
    found = read_json(folder / FILE)
    if not isinstance(found, dict) or age_s(folder / FILE) > WANTED_S:
        return {}
    masks = Masks(tuple(project.settings.personal))
    columns = {node["id"]: node.get("columns", ()) for node in state.graph()["nodes"]}
    return {
        node: [_masked(row, _hidden(columns.get(node, ()), masks), masks) for row in rows]
        for node, rows in found["nodes"].items()
    }


def models(state: PipelineState) -> list[dict[str, Any]]:
    """The models that a pipeline asks: node, model, its call, and the column of its answer."""
    return [
        {"node": node["id"], **one}
        for node in state.graph()["nodes"]
        for one in node.get("predictions", ())
    ]


def predictions(project: Project, pipeline: str) -> list[dict[str, Any]]:
    """What models answered last: for each, `answers` with `input` and `answer`, newest first."""
    rows = samples(project, pipeline)
    found = []
    for one in models(pipeline_state(project, pipeline)):
        answers = [
            {
                "input": {k: v for k, v in row.items() if k != one["column"] and v is not None},
                "answer": row.get(one["column"]),
            }
            for row in rows.get(one["node"], ())
        ]
        found.append({**one, "answers": answers})
    return found


def _hidden(columns: Sequence[Mapping[str, Any]], masks: Masks) -> frozenset[str]:
    return frozenset(
        column["name"]
        for column in columns
        if any(masks.hides(origin.rpartition(".")[2]) for origin in column["origins"])
    )


def _masked(row: Mapping[str, Any], hidden: frozenset[str], masks: Masks) -> dict[str, Any]:
    shown = masks.row(row)
    return {k: MASK if k in hidden and v is not None else v for k, v in shown.items()}
