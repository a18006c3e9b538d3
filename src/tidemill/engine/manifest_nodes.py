"""The nodes of a plan as a manifest names them: what each one computes, and what it reads.

Positions, state and counters in a checkpoint go by the ids of the plan that wrote it. With these
lines another plan can tell which of its nodes they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tidemill.engine.accounting import account_nodes
from tidemill.errors import EngineError
from tidemill.plan.meaning import place
from tidemill.plan.physical import PhysicalPlan


def manifest_nodes(plan: PhysicalPlan) -> list[dict[str, Any]]:
    """Sources, operators and outputs: id, kind, title, meaning, inputs; of a source its place."""
    places = {s.id: place(s.table) for s in plan.sources}
    return [
        {
            "id": node.id,
            "kind": node.kind,
            "title": node.title,
            "meaning": plan.meanings.get(node.id, ""),
            "inputs": list(node.inputs),
            **({"place": places[node.id]} if node.id in places else {}),
        }
        for node in account_nodes(plan)
    ]


def check_plan(
    manifest: Mapping[str, Any], fingerprint: str, nodes: Sequence[Mapping[str, Any]]
) -> None:
    """Raise EngineError where a checkpoint's positions, state and counters are of another plan.

    What stateless statements compute may have changed: it holds from here on.
    """
    before = manifest.get("nodes")
    same = manifest["fingerprint"] == fingerprint
    if same and before and nodes:
        same = [_shape(n) for n in before] == [_shape(n) for n in nodes]
    if not same:
        raise EngineError(
            "the pipeline has changed since the last run, and what was kept of it does not fit "
            "any more",
            code="engine.plan-changed",
            hint="See what would become of its state: tidemill plan PIPELINE. Take over what can "
            "be: tidemill apply PIPELINE. Or run the old text.",
        )


def _shape(node: Mapping[str, Any]) -> tuple[Any, ...]:
    meaning = node["meaning"] if node["kind"] == "operator" else node.get("place")
    return node["id"], node["kind"], node["title"], node["inputs"], meaning
