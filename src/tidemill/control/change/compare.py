"""The nodes of a checkpoint beside those of a plan: which of them compute the same.

An operator keeps its state where an old one computed the same from the same input, wherever either
stands in its text (`plan/meaning.py`). Of the others it follows which must see their input again,
and what of it comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from tidemill.engine.manifest_nodes import manifest_nodes
from tidemill.engine.node import Stateless
from tidemill.engine.nodes import NODES
from tidemill.plan import PhysicalPlan
from tidemill.plan.physical import OperatorStage, OutputStage
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Matching:
    """Which node of the plan is which one of the checkpoint, by id.

    `sources`: those that go on at the stored positions. `operators`: those that keep their state.
    `outputs`: those that write what they wrote. `gone`: nodes of the checkpoint that none is.
    """

    nodes: Sequence[Mapping[str, Any]]
    before: Sequence[Mapping[str, Any]]
    sources: Mapping[str, str]
    operators: Mapping[str, str]
    outputs: Mapping[str, str]
    stateful: frozenset[str]
    gone: tuple[Mapping[str, Any], ...]

    @property
    def rebuilt(self) -> tuple[str, ...]:
        """The operators whose state is not there."""
        ids = [node["id"] for node in self.nodes if node["kind"] == "operator"]
        return tuple(i for i in ids if i in self.stateful and i not in self.operators)

    @property
    def unchanged(self) -> bool:
        """Whether a run may simply go on: every node is what it was, under its old id."""
        found = {**self.sources, **self.operators, **self.outputs}
        return all(found.get(n["id"]) == n["id"] for n in self.nodes) and not self.gone


def match(manifest: Mapping[str, Any], plan: PhysicalPlan) -> Matching:
    """Match a plan's nodes with those of a checkpoint."""
    nodes, before = manifest_nodes(plan), manifest.get("nodes", [])
    sources = {
        node["id"]: old["id"]
        for node in nodes
        for old in before
        if node["kind"] == old["kind"] == "source"
        and (node["title"], node["place"]) == (old["title"], old["place"])
    }
    operators = _same(nodes, before, "operator", lambda node: node["meaning"])
    outputs = _same(nodes, before, "sink", lambda node: (node["title"], node["meaning"]))
    matched = {*sources.values(), *operators.values(), *outputs.values()}
    return Matching(
        nodes,
        before,
        sources,
        operators,
        outputs,
        frozenset(s.id for s in plan.operators if _has_state(s)),
        tuple(old for old in before if old["id"] not in matched),
    )


def _has_state(stage: OperatorStage) -> bool:
    node = NODES[type(stage)]
    return not (isinstance(node, type) and issubclass(node, Stateless))


def _same(
    nodes: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]], kind: str, key: Any
) -> dict[str, str]:
    """Nodes of a kind that are equal by a key; each old one goes to its own id first."""
    old: dict[Any, list[str]] = {}
    for one in before:
        if one["kind"] == kind and one["meaning"]:
            old.setdefault(key(one), []).append(one["id"])
    found = {}
    for node in nodes:
        ids = old.get(key(node), []) if node["kind"] == kind else []
        if ids:
            found[node["id"]] = node["id"] if node["id"] in ids else ids[0]
    return found


@dataclass(frozen=True, slots=True)
class Again:
    """What is read again: the nodes that take part, and the outputs that come out of it."""

    operators: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    withheld: frozenset[str] = field(default_factory=frozenset)
    """Outputs behind what is rebuilt whose old rows stay as they are: no key tells them apart."""
    by_clock: frozenset[str] = field(default_factory=frozenset)
    """Operators and outputs whose past cannot be computed again, as it went by the time of day."""

    def __bool__(self) -> bool:
        return bool(self.operators or self.outputs)


def again(plan: PhysicalPlan, found: Matching) -> Again:
    """What a plan must see again of the input that its sources have passed already."""
    stages: list[OperatorStage | OutputStage] = [*plan.operators, *plan.outputs]
    edges = {s.id: [e.input for e in s.edges] for s in stages}
    read = frozenset(found.sources)

    def below(node: str) -> set[str]:
        return {node}.union(*(below(one) for one in edges.get(node, ())))

    seen_before = {node for node in edges if below(node) & read}
    on_clock = {s.id for s in plan.operators if s.on_clock}
    by_clock = {node for node in seen_before if below(node) & on_clock}
    rebuilt = {i for i in found.rebuilt if i in seen_before - by_clock}
    known = {node["title"] for node in found.before if node["kind"] == "sink"}
    changed = [o for o in plan.outputs if o.id not in found.outputs and o.id in seen_before]
    written = {o.id for o in changed if o.id not in by_clock and _comes_out(o, known)}
    taking_part = {node for one in (*rebuilt, *written) for node in below(one)}
    return Again(
        frozenset(s.id for s in plan.operators if s.id in taking_part),
        frozenset(s.id for s in plan.sources if s.id in taking_part),
        frozenset(written),
        frozenset(o.id for o in changed if o.id not in written),
        frozenset(by_clock),
    )


def _comes_out(output: OutputStage, known: set[str]) -> bool:
    """Whether rows of the past are written: into a new sink, or over those with the same key."""
    assert output.sink is not None
    return output.sink.name not in known or bool(output.sink.primary_key)
