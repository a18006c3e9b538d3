"""Which epoch counts after a crash, and what is left to do for it.

The rules are argued in docs/decisions/0001-epoch-decider.md. In short: the newest checkpoint whose
decider says it was decided, counts. Its decider is the commit group named in its manifest (then
the group's own number must be that epoch) or the checkpoint itself. Checkpoints after it were
prepared and never decided: nobody has seen their output. Every other group must hold exactly what
the manifest says, or what it held before the decided epoch: then the staged output is applied
again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import pyarrow as pa

from tidemill.engine import letters
from tidemill.engine.checkpoint import Checkpoint, CheckpointStore, DamagedError
from tidemill.engine.manifest_nodes import check_plan
from tidemill.errors import EngineError, Where
from tidemill.interfaces.operator import StateDelta
from tidemill.model import Batch
from tidemill.records import dataclass

_log = logging.getLogger("tidemill.engine.recovery")


@dataclass(frozen=True, slots=True)
class Held:
    """What a group said when it was opened."""

    epoch: int | None
    knows: bool
    """Whether None would mean that it never committed (an atomic group always knows)."""


@dataclass(slots=True)
class Recovered:
    """Where to go on."""

    checkpoint: Checkpoint | None = None
    next_epoch: int = 1
    chains: dict[str, list[int]] = field(default_factory=dict)
    deltas: dict[str, list[StateDelta]] = field(default_factory=dict)
    group_epochs: dict[str, int] = field(default_factory=dict)
    reapply: dict[str, list[tuple[str, Batch]]] = field(default_factory=dict)
    letters: list[tuple[str, int, pa.Table]] = field(default_factory=list)


def recover(
    store: CheckpointStore,
    held: Mapping[str, Held],
    fingerprint: str,
    nodes: Sequence[dict[str, Any]] = (),
) -> Recovered:
    """Find the decided epoch; removes checkpoints that were never decided.

    `fingerprint` and `nodes` (as in manifests) are those of the plan that goes on.

    Raises:
        EngineError: the state and the sinks do not fit each other, or a needed file is damaged.
    """
    on_disk = store.epochs()
    damaged: dict[int, str] = {}
    undecided: list[int] = []
    chosen: Checkpoint | None = None
    for epoch in reversed(on_disk):
        try:
            candidate = store.read(epoch)
        except DamagedError as error:
            damaged[epoch] = str(error)
            continue
        if "part_of" in candidate.manifest:  # state that a savepoint's own epoch builds on
            continue
        if _is_decided(candidate, held):
            chosen = candidate
            break
        undecided.append(epoch)
    if damaged:
        _check_damage(store, chosen, damaged, held)
    applied = store.applied() or 0
    result = Recovered(chosen, next_epoch=store.highest() + 1)
    if chosen is None:
        _check_fresh(held, store)
    else:
        check_plan(chosen.manifest, fingerprint, nodes)
        if chosen.manifest.get("restored"):
            _go_on_from_savepoint(held, result)
        elif chosen.manifest.get("carried"):
            _go_on_carried(chosen, held, result, applied=applied == chosen.epoch)
        else:
            result.group_epochs = dict(chosen.manifest["group_epochs"])
            _check_groups(chosen, held, result, applied=applied == chosen.epoch)
        _load_state(store, chosen, result)
        _load_letters(store, chosen, result)
    for epoch in undecided:
        store.drop(epoch)
    newest = 0 if chosen is None else chosen.epoch
    letters.remove_after(store.folder, newest)
    if applied > newest:
        store.forget_applied()
    return result


def _is_decided(candidate: Checkpoint, held: Mapping[str, Held]) -> bool:
    decider = candidate.manifest["decided_by"]
    if decider is None:
        return True
    if decider not in held:
        raise EngineError(
            f"the last epoch was decided by sink `{decider}`, which the plan no longer writes",
            code="engine.plan-changed",
            hint="Keep one table of that sink in the pipeline, or give the pipeline another name "
            "so that it starts from the beginning.",
        )
    return held[decider].epoch == candidate.epoch


def _check_damage(
    store: CheckpointStore,
    chosen: Checkpoint | None,
    damaged: Mapping[int, str],
    held: Mapping[str, Held],
) -> None:
    """A damaged file may be skipped only where nobody can have seen its epoch."""
    newest = max(damaged)
    unseen = chosen is not None and all(
        h.knows and h.epoch == chosen.manifest["group_epochs"].get(name) for name, h in held.items()
    )
    if not unseen:
        raise EngineError(
            f"checkpoint {newest} is damaged: {damaged[newest]}",
            code="engine.checkpoint-damaged",
            where=Where(file=str(store.path(newest))),
            detail="Its output may have been published, so going back to an older checkpoint "
            "could repeat rows.",
            hint="Restore the file from a backup; or remove it, if repeated rows are acceptable.",
        )
    assert chosen is not None
    for epoch, reason in damaged.items():
        kept = store.set_aside(epoch)
        _log.warning(
            "checkpoint %d is damaged (%s) and was set aside as %s; no sink has seen it, so "
            "going on from checkpoint %d is exact",
            epoch, reason, kept, chosen.epoch,
        )  # fmt: skip


def _check_fresh(held: Mapping[str, Held], store: CheckpointStore) -> None:
    for name, h in held.items():
        if h.epoch is not None:
            raise EngineError(
                f"sink `{name}` holds epoch {h.epoch} of this pipeline, but {store.folder} has no "
                "checkpoint that fits it",
                code="engine.state-lost",
                where=Where(file=str(store.folder)),
                detail="The state folder was removed or replaced; starting from the beginning "
                "would write every row again.",
                hint="Put the state folder back, or give the pipeline another name to start over.",
            )


def _go_on_from_savepoint(held: Mapping[str, Held], result: Recovered) -> None:
    """Sinks hold whatever they hold, maybe of a later epoch: what comes is newer than all."""
    result.group_epochs = {name: h.epoch for name, h in held.items() if h.epoch is not None}
    newest = max(result.group_epochs.values(), default=0)
    result.next_epoch = max(result.next_epoch, newest + 1)


def _go_on_carried(
    chosen: Checkpoint, held: Mapping[str, Held], result: Recovered, applied: bool
) -> None:
    """Sinks hold epochs of the old plan, and get what the change staged for them, once."""
    _go_on_from_savepoint(held, result)
    for name in chosen.manifest["staged"]:
        if name in held and result.group_epochs.get(name, 0) < chosen.epoch and not applied:
            result.reapply[name] = _staged(chosen, name)
            result.group_epochs[name] = chosen.epoch


def _check_groups(
    chosen: Checkpoint, held: Mapping[str, Held], result: Recovered, applied: bool
) -> None:
    epoch = chosen.epoch
    for name, h in held.items():
        expected = chosen.manifest["group_epochs"].get(name)
        if h.epoch == expected and (h.epoch is not None or h.knows or expected is None):
            continue
        if h.epoch is not None and (expected is None or h.epoch > expected):
            raise EngineError(
                f"sink `{name}` holds epoch {h.epoch}, which is newer than the decided epoch "
                f"{epoch}",
                code="engine.sink-ahead",
                hint="The state folder is older than the sink: put the newest one back.",
            )
        if applied and not h.knows and h.epoch is None:
            continue
        before = chosen.manifest["group_epochs_before"].get(name)
        if expected == epoch and (h.epoch == before or not h.knows):
            result.reapply[name] = _staged(chosen, name)
        elif h.knows or h.epoch is not None:
            raise EngineError(
                f"sink `{name}` holds epoch {h.epoch}, but it had committed epoch {expected}",
                code="engine.sink-behind",
                hint="The sink was restored from a backup or emptied; give the pipeline another "
                "name to fill it from the beginning.",
            )


def _staged(chosen: Checkpoint, group: str) -> list[tuple[str, Batch]]:
    writes: list[tuple[str, Batch]] = []
    for table, section, has_kinds in chosen.manifest["staged"].get(group, []):
        for batch in chosen.sections[section].to_batches():
            last = batch.num_columns - 1
            kinds = batch.column(last) if has_kinds else None
            writes.append((table, Batch(batch.remove_column(last) if has_kinds else batch, kinds)))
    return writes


def _load_state(store: CheckpointStore, chosen: Checkpoint, result: Recovered) -> None:
    loaded: dict[int, Checkpoint] = {chosen.epoch: chosen}
    for operator, chain in chosen.manifest["chains"].items():
        result.chains[operator] = list(chain)
        deltas: list[StateDelta] = []
        for epoch in chain:
            if epoch not in loaded:
                loaded[epoch] = _needed(store, epoch, chosen.epoch)
            entry = loaded[epoch].manifest["deltas"][operator]
            tables = {n: loaded[epoch].sections[i] for n, i in entry["tables"].items()}
            deltas.append(StateDelta(entry["base"], tables, entry["meta"]))
        result.deltas[operator] = deltas


def _needed(store: CheckpointStore, epoch: int, for_epoch: int) -> Checkpoint:
    try:
        return store.read(epoch)
    except DamagedError as error:
        raise EngineError(
            f"checkpoint {epoch}, which checkpoint {for_epoch} builds on, is damaged: {error}",
            code="engine.checkpoint-damaged",
            where=Where(file=str(store.path(epoch))),
            hint="Restore the file from a backup.",
        ) from error


def _load_letters(store: CheckpointStore, chosen: Checkpoint, result: Recovered) -> None:
    taken = chosen.manifest["letters_taken"]
    for name, epoch in result.group_epochs.items():
        if result.reapply.get(name) or taken.get(name, 0) >= epoch:
            continue  # what is applied again is refused again
        table = letters.kept(store.folder, name, epoch)
        if table is not None:
            result.letters.append((name, epoch, table))
