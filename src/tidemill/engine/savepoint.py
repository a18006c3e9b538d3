"""Savepoints: a copy of what an engine had decided, to go on from later, or in another pipeline.

A savepoint is a folder with the checkpoint files that one decided epoch needs (its own, and those
on which the chains of its state build) and `savepoint.json`. The files are hard links where the
file system has them, so that taking one costs no space at first.

Guarantees: the epoch of a savepoint was decided and has reached every sink; its files were read
and their checksums fit. Taking one neither stops nor slows a running engine. `install` either
happens as a whole or not at all. Non-guarantee: what sinks hold is not part of a savepoint.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.engine.checkpoint import Checkpoint, CheckpointStore, DamagedError
from tidemill.errors import EngineError, Where
from tidemill.records import dataclass

_FILE = "savepoint.json"
_TRIES = 20
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Savepoint:
    """What a savepoint is of; `positions` are those of each source table's partitions."""

    job: str
    epoch: int
    taken_at_ms: int
    fingerprint: str
    bytes: int
    positions: Mapping[str, Mapping[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """For `savepoint.json` and `--json`."""
        return asdict(self)


def take(store: CheckpointStore, parent: Path, name: str | None = None) -> Path:
    """Copy the newest settled epoch of a job into a new folder of `parent`; returns the folder.

    Without a name it is called `epoch-<n>`; where that is there, it is that one.

    Raises:
        EngineError: `engine.no-savepoint` where nothing is settled yet, `engine.savepoint-exists`,
            or a damaged or unwritable file.
    """
    if name is not None and (parent / name).exists():
        raise EngineError(
            f"there is a savepoint {name} already",
            code="engine.savepoint-exists",
            where=Where(file=str(parent / name)),
            hint="Give it another name, or delete the old one.",
        )
    draft = parent / f".{uuid.uuid4().hex}.tmp"
    for tried in range(1, _TRIES + 1):
        try:
            made = _copy(store, draft)
            folder = parent / (name or f"epoch-{made.epoch}")
            if not folder.exists():
                draft.rename(folder)
            return folder
        except DamagedError as error:
            # A running engine removes what it no longer needs, maybe just what is read here.
            if tried == _TRIES:
                raise EngineError(
                    f"no savepoint can be taken of {store.folder}: {error}",
                    code="engine.checkpoint-damaged",
                    where=Where(file=str(store.folder)),
                ) from error
            time.sleep(_PAUSE_S)
        except OSError as error:
            raise EngineError(
                f"cannot write a savepoint into {parent}: {error.strerror}",
                code="engine.checkpoint-io",
                where=Where(file=str(parent)),
                hint="Check the free space and the permissions of the folder.",
            ) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    raise AssertionError("unreachable")


def load(folder: Path) -> Savepoint:
    """What the savepoint in a folder is of; EngineError where there is none."""
    try:
        return Savepoint(**json.loads((folder / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise EngineError(
            f"there is no savepoint in {folder}",
            code="engine.no-savepoint",
            where=Where(file=str(folder)),
            hint="See what there is: tidemill savepoint list",
        ) from error


def install(store: CheckpointStore, folder: Path, job: str) -> int:
    """Make a savepoint the newest state of a job, from which its next run goes on.

    Its epochs get new numbers, above all that are there. Returns the number of its own. The caller
    holds the lock of the store.

    Raises:
        EngineError: the savepoint cannot be read, or the store not written.
    """
    saved, source = load(folder), CheckpointStore(folder)
    try:
        newest = source.read(saved.epoch)
        needed = _needed(newest.manifest, saved.epoch)
        parts = {e: newest if e == saved.epoch else source.read(e) for e in needed}
    except DamagedError as error:
        raise EngineError(
            f"the savepoint in {folder} is damaged: {error}",
            code="engine.checkpoint-damaged",
            where=Where(file=str(folder)),
            hint="Take another one, or restore its files from a backup.",
        ) from error
    here = _settled(store)
    # Rows that sinks refused and that no dead-letter table has yet stay due: rather twice than not.
    due = {} if here is None else here.manifest["letters_taken"]
    first = store.highest() + 1
    numbers = {epoch: first + place for place, epoch in enumerate(needed)}
    last = numbers[saved.epoch]
    for epoch, checkpoint in parts.items():
        manifest = {"deltas": checkpoint.manifest["deltas"], "part_of": last}
        if epoch == saved.epoch:
            manifest = _restored(newest.manifest, numbers, job) | {"letters_taken": due}
        store.write(Checkpoint(numbers[epoch], manifest, checkpoint.sections))
    return last


def begin_anew(store: CheckpointStore) -> int | None:
    """Make the newest state of a job one without rows and positions: its next run begins anew.

    What sinks hold stays, and is written over or added to. Returns the epoch's number, None where
    the job has no state. The caller holds the lock of the store.
    """
    epochs = store.epochs()
    here = _settled(store) if epochs else None
    if here is None:
        return None
    manifest = _restored({**here.manifest, "chains": {}}, {}, here.manifest["job"])
    manifest |= {"positions": {}, "watermarks": {}, "counters": {}, "deltas": {}, "observed": None}
    store.write(Checkpoint(epochs[-1] + 1, manifest))
    return epochs[-1] + 1


def _copy(store: CheckpointStore, draft: Path) -> Savepoint:
    chosen = _settled(store)
    if chosen is None:
        raise EngineError(
            "there is nothing yet that a savepoint could hold",
            code="engine.no-savepoint",
            where=Where(file=str(store.folder)),
            hint="Run the pipeline until it has committed, then take the savepoint.",
        )
    draft.mkdir(mode=0o700, parents=True)
    copied = CheckpointStore(draft)
    size = 0
    for epoch in _needed(chosen.manifest, chosen.epoch):
        _link(store.path(epoch), copied.path(epoch))
        copied.read(epoch)
        size += copied.path(epoch).stat().st_size
    made = Savepoint(
        chosen.manifest["job"],
        chosen.epoch,
        round(time.time() * 1000),
        chosen.manifest["fingerprint"],
        size,
        chosen.manifest["positions"],
    )
    with (draft / _FILE).open("w", encoding="utf-8") as file:
        json.dump(made.as_dict(), file)
        file.flush()
        os.fsync(file.fileno())
    return made


def _settled(store: CheckpointStore) -> Checkpoint | None:
    """The newest epoch of which it is certain that it was decided and that every sink has it.

    An epoch is written only after the one before is in every sink. Of the newest itself that is
    certain after an orderly end, or where it wrote nothing.
    """
    epochs = store.epochs()
    for epoch in reversed(epochs[-2:]):
        found = store.read(epoch)
        manifest = found.manifest
        if "part_of" in manifest:
            continue
        wrote_nothing = manifest["decided_by"] is None and not manifest["staged"]
        if epoch != epochs[-1] or wrote_nothing or store.applied() == epoch:
            return found
    return None


def _needed(manifest: Mapping[str, Any], epoch: int) -> list[int]:
    return sorted({epoch, *(one for chain in manifest["chains"].values() for one in chain)})


def _restored(manifest: Mapping[str, Any], numbers: Mapping[int, int], job: str) -> dict[str, Any]:
    """The manifest of an installed epoch: nothing of it is left to be written into any sink."""
    chains = {name: [numbers[e] for e in chain] for name, chain in manifest["chains"].items()}
    return {
        **manifest,
        "job": job,
        "decided_by": None,
        "restored": True,
        "group_epochs": {},
        "group_epochs_before": {},
        "chains": chains,
        "staged": {},
    }


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError as error:
        raise DamagedError(f"{source.name} is gone") from error
    except OSError:
        try:
            shutil.copyfile(source, target)
        except FileNotFoundError as error:
            raise DamagedError(f"{source.name} is gone") from error
