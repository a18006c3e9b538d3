"""Carry the state of one plan over to another: the checkpoint from which the new plan goes on.

What is written is a whole checkpoint of the new plan: the state of operators that compute the same
is the old one's under its new id, that of others comes from a run which has read the past again,
and its output of the past is staged, so that the new plan's first life gives it to the sinks.

Guarantees: the switch is the last file written; until then the old plan's newest checkpoint counts,
and it can still go on. Of the staged output every sink gets all, once where it knows its epochs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

import pyarrow as pa

from tidemill.engine.accounting import LATE, LETTERS, account_nodes, accounts
from tidemill.engine.checkpoint import Checkpoint, CheckpointStore
from tidemill.engine.manifest_nodes import manifest_nodes
from tidemill.model import Batch
from tidemill.plan.physical import PhysicalPlan
from tidemill.records import dataclass

Places = Mapping[str, str]
"""Ids in the new plan, each with the id in the plan that wrote the state."""


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes whose state, watermarks and counters are taken from a checkpoint of another plan."""

    store: CheckpointStore
    epoch: int
    sources: Places = field(default_factory=dict)
    operators: Places = field(default_factory=dict)
    outputs: Places = field(default_factory=dict)

    @property
    def nodes(self) -> dict[str, str]:
        """All nodes that are taken."""
        return {**self.sources, **self.operators, **self.outputs}


def carry_over(
    into: CheckpointStore,
    plan: PhysicalPlan,
    job: str,
    kept: Part,
    rebuilt: Part | None,
    staged: Mapping[str, Sequence[tuple[str, Batch]]],
) -> int:
    """Write the checkpoint that `plan` goes on from; returns its epoch.

    The caller holds the lock of `into`. Positions are those of `kept`.

    Args:
        into: the job's checkpoints; its newest epoch is in every sink.
        plan: the new plan.
        job: the name of the job.
        kept: what is taken of the old plan.
        rebuilt: what is taken of the run that has read the past again.
        staged: the output of that run, by commit group: table and rows.
    """
    parts = [kept] if rebuilt is None else [kept, rebuilt]
    newest = [part.store.read(part.epoch) for part in parts]
    here = into.epochs()
    held = into.manifest(here[-1]).get("group_epochs", {}) if here else {}
    last: int = max([into.highest(), *held.values()])
    written: list[dict[int, int]] = []
    for part, top in zip(parts, newest, strict=True):
        chains = {old: top.manifest["chains"].get(old, []) for old in part.operators.values()}
        numbers = {}
        for epoch in sorted({e for chain in chains.values() for e in chain}):
            last += 1
            numbers[epoch] = last
        written.append(numbers)
    last += 1
    for part, numbers in zip(parts, written, strict=True):
        for epoch, number in numbers.items():
            into.write(_deltas(part.store.read(epoch), number, part.operators, last))
    into.write(_decided(last, plan, job, parts, newest, written, staged))
    return last


def _deltas(old: Checkpoint, number: int, operators: Places, last: int) -> Checkpoint:
    """One epoch's changes of the operators that are taken, under their new ids."""
    made = Checkpoint(number, {})
    deltas = {}
    for new, was in operators.items():
        entry = old.manifest["deltas"].get(was)
        if entry is not None:
            tables = {name: made.add(old.sections[i]) for name, i in entry["tables"].items()}
            deltas[new] = {**entry, "tables": tables}
    made.manifest = {"deltas": deltas, "part_of": last}
    return made


def _decided(
    epoch: int,
    plan: PhysicalPlan,
    job: str,
    parts: Sequence[Part],
    newest: Sequence[Checkpoint],
    written: Sequence[Mapping[int, int]],
    staged: Mapping[str, Sequence[tuple[str, Batch]]],
) -> Checkpoint:
    made = Checkpoint(epoch, {})
    old = newest[0].manifest
    chains: dict[str, list[int]] = {}
    marks: dict[str, int] = {}
    for part, top, numbers in zip(parts, newest, written, strict=True):
        for new, was in part.operators.items():
            chain = top.manifest["chains"].get(was, [])
            if chain:
                chains[new] = [numbers[e] for e in chain]
        marks |= _marks(top.manifest["watermarks"].get("", {}), part.operators)
    titles = {source.id: source.table.name for source in plan.sources}
    was_titles = {n["id"]: n["title"] for n in old["nodes"] if n["kind"] == "source"}
    tables = {titles[new]: was_titles[was] for new, was in parts[0].sources.items()}
    made.manifest = {
        **old,
        "job": job,
        "fingerprint": plan.fingerprint,
        "nodes": manifest_nodes(plan),
        "decided_by": None,
        "carried": True,
        "group_epochs": {},
        "group_epochs_before": {},
        "positions": {new: old["positions"].get(was, {}) for new, was in tables.items()},
        "watermarks": {new: old["watermarks"].get(was, {}) for new, was in tables.items()}
        | {"": marks},
        "counters": _counters(plan, parts, newest),
        "chains": chains,
        "deltas": {},
        "staged": {
            group: [
                (table, made.add(_with_kinds(batch)), batch.kinds is not None)
                for table, batch in writes
            ]
            for group, writes in staged.items()
            if writes
        },
    }
    made.manifest.pop("restored", None)
    return made


def _marks(marks: Mapping[str, int], operators: Places) -> dict[str, int]:
    """The watermarks of operators and their ports (`g0`, `g0#`, `g0#1`) under new ids."""
    found = {}
    for new, was in operators.items():
        for name, mark in marks.items():
            stage, hash_, port = name.partition("#")
            if stage == was:
                found[f"{new}{hash_}{port}"] = mark
    return found


def _counters(
    plan: PhysicalPlan, parts: Sequence[Part], newest: Sequence[Checkpoint]
) -> dict[str, int]:
    """The row accounting that the new plan goes on with; every line of it adds up.

    What came before a node took part, and what tables wrote for statements that are gone, stands
    in `before`.
    """
    counts: dict[str, int] = {}
    for first, (part, top) in enumerate(zip(parts, newest, strict=True)):
        of = {node["id"] for node in top.manifest["nodes"]}
        for key, count in top.manifest["counters"].items():
            node, _, rest = key.partition(".")
            if node in of:
                for name in _renamed(node, rest, part.nodes):
                    counts[name] = count
            elif not first or key.startswith("sink."):
                counts[key] = counts.get(key, 0) + count
    for line in accounts(account_nodes(plan), counts):
        if line.kind == LETTERS:
            counts["letters.reported"] = counts.get("letters.reported", 0) + line.missing
        elif line.kind == LATE:
            key = f"source.{line.title.removesuffix('$late')}.late_written"
            counts[key] = counts.get(key, 0) + line.missing
        elif line.missing:
            key = f"{line.id}.before"
            counts[key] = counts.get(key, 0) + line.missing
    return counts


def _renamed(node: str, rest: str, places: Places) -> list[str]:
    new = [name for name, was in places.items() if was == node]
    kind, dot, origin = rest.partition(".")
    if kind != "in" or not dot:
        return [f"{name}.{rest}" for name in new]
    origins = [name for name, was in places.items() if was == origin]
    return [f"{name}.in.{one}" for name in new for one in origins[:1]]


def _with_kinds(batch: Batch) -> pa.Table:
    table = pa.Table.from_batches([batch.rows])
    return table if batch.kinds is None else table.append_column("kinds", batch.kinds)
