"""Use case `cdc guard`: replication slots against their budget of WAL, and what is done about it.

Postgres keeps its log for a slot until the slot's reader has confirmed it: a reader that stands
still fills the disk. `cdc.over_budget` of the project says what happens to a slot over its budget:
it is told (`warn`); its reader is stopped, until a person starts it again (`pause`; the log still
grows); or its reader is stopped and the slot dropped (`drop`), which frees the log and takes all
rows to be read anew. Only slots that a connector or a pipeline of the project reads are touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any, Literal

from tidemill.control.account import committed_positions
from tidemill.control.cdc.readers import Reader, readers
from tidemill.control.connectors import Connect
from tidemill.control.pipeline_processes import stop_pipeline
from tidemill.control.released_slot import drop_released
from tidemill.control.slots import Slot, postgres_of, slots
from tidemill.interfaces.schema_change import SchemaChanges
from tidemill.project import Project
from tidemill.records import dataclass

Action = Literal["none", "warn", "pause", "drop"]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A slot with its reader (None: nobody of the project), and what is to be, or was, done."""

    slot: Slot
    reader: Reader | None
    action: Action
    sentence: str
    schema_changes: SchemaChanges = field(default_factory=SchemaChanges)
    """Changes of the table that its pipeline went on behind."""

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        reader = self.reader
        return {
            **self.slot.as_dict(),
            "reader": None
            if reader is None
            else {"kind": reader.kind, "name": reader.name, "state": reader.state},
            "action": self.action,
            "sentence": self.sentence,
            "schema_changes": self.schema_changes.as_dict(),
        }


def look(project: Project) -> list[Guarded]:
    """All slots of the project's Postgres; raises ConnectorError where it does not answer."""
    found = slots(project)
    if not found:
        return []
    by_slot = readers(project)
    judged = [_judged(slot, by_slot.get(slot.state.name), project) for slot in found]
    return [replace(one, schema_changes=_changes(one.reader, project)) for one in judged]


def _changes(reader: Reader | None, project: Project) -> SchemaChanges:
    if reader is None or reader.table is None:
        return SchemaChanges()
    positions = committed_positions(project, reader.name) or {}
    return SchemaChanges.of_all(positions).get(reader.table, SchemaChanges())


def guard(project: Project, only: Sequence[str] = ()) -> list[Guarded]:
    """Look, and do what `cdc.over_budget` says, with these slots or (none named) with all."""
    found = look(project)
    return [_acted(one, project) for one in found if not only or one.slot.state.name in only]


def _judged(slot: Slot, reader: Reader | None, project: Project) -> Guarded:
    state = slot.state
    if state.wal_status == "lost":
        what = "has lost the log it needs: its reader has to take all rows anew"
        return Guarded(slot, reader, "warn", f"the slot {state.name} {what}")
    if not slot.over:
        return Guarded(slot, reader, "none", f"the slot {state.name} is within its budget")
    held, budget = (state.retained_bytes or 0) >> 20, slot.budget_bytes >> 20
    text = f"the slot {state.name} holds {held:,} MB of WAL, and may hold {budget:,} MB"
    if reader is None:
        return Guarded(slot, None, "warn", f"{text}; nothing of this project reads it")
    action: Action = project.settings.cdc.over_budget
    return Guarded(slot, reader, action, f"{text}; it is read by {reader.shown} ({reader.state})")


def _acted(one: Guarded, project: Project) -> Guarded:
    reader, name = one.reader, one.slot.state.name
    if one.action not in ("pause", "drop") or reader is None:
        return one
    stopped = _stop(reader, project)
    done = f"{reader.shown} {'was stopped' if stopped else 'stands still already'}"
    if one.action == "drop":
        _drop(name, project)
        if reader.kind == "connector":
            # With its old place it would go on behind the gap, and say nothing.
            Connect(project.root).client().forget_offsets(reader.name)
        done += f", and the slot was dropped; {_again(reader)}"
    return replace(one, sentence=f"{one.sentence}: {done}")


def _stop(reader: Reader, project: Project) -> bool:
    if reader.kind == "pipeline":
        runs = reader.state in ("running", "recovering")
        if runs:
            stop_pipeline(reader.name, project.root)
        return runs
    if reader.state == "STOPPED":
        return False
    client = Connect(project.root).client()
    # Not a pause: a paused connector keeps its place in the log, and its slot in use.
    client.act(reader.name, "stop")
    client.wait(reader.name, lambda status: status.state == "STOPPED", 30.0)
    return True


def _drop(slot: str, project: Project) -> None:
    login = postgres_of(project)
    assert login is not None
    drop_released(login, slot)


def _again(reader: Reader) -> str:
    if reader.kind == "pipeline":
        return f"take its rows anew: tidemill cdc resnapshot {reader.name}"
    return (
        f"with `tidemill connector resume {reader.name}` it takes all rows anew, and pipelines "
        "that read its topics refuse them a second time: for those, take `tidemill cdc resnapshot "
        "PIPELINE` instead, which resumes it, too"
    )
