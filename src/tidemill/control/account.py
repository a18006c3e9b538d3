"""The row account of a pipeline: what came into each node, and where all of it went.

Read from what the pipeline's last epoch committed, so that it adds up at any moment; reading never
waits for the pipeline and never disturbs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from tidemill.control.live_state import read_live
from tidemill.control.newest_manifest import newest_manifest
from tidemill.control.project_context import project_for
from tidemill.engine.accounting import Account, AccountNode, accounts, unaccounted
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import UserError, Where
from tidemill.interfaces.history import HistoryProof
from tidemill.project import Project
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class PipelineAccount:
    """The account as of an epoch; `lines` go from the sources to the sinks."""

    pipeline: str
    epoch: int
    lines: tuple[Account, ...]
    histories: Mapping[str, HistoryProof] = field(default_factory=dict)
    """By table that is read after a history: what lies on both sides of the fence."""

    @property
    def unaccounted(self) -> list[Account]:
        """The lines that do not add up; none, unless Tidemill has a fault."""
        return unaccounted(self.lines)

    @property
    def came(self) -> int:
        """All records that the sources read."""
        return sum(line.came for line in self.lines if line.kind == "source")

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "pipeline": self.pipeline,
            "epoch": self.epoch,
            "adds_up": not self.unaccounted,
            "lines": [line.as_dict() for line in self.lines],
            "histories": {table: proof.as_dict() for table, proof in self.histories.items()},
        }


def account(folder: Path | None, wanted: str) -> PipelineAccount:
    """The account of a pipeline, by name or path.

    Raises:
        UserError: `control.no-account` where it has committed nothing here yet.
    """
    project = project_for(wanted, folder)
    return account_of(project, project.pipeline(wanted).name)


def account_of(project: Project, name: str) -> PipelineAccount:
    """The account of a pipeline of a project; raises as `account` does."""
    found = committed_account(project, name)
    if found is None:
        raise _nothing(name)
    return found


def committed_account(project: Project, name: str) -> PipelineAccount | None:
    """The account of a pipeline of a project; None where it has committed nothing yet."""
    state = project.state_dir / "pipelines" / name
    live = read_live(state)
    manifest = newest_manifest(CheckpointStore(state / "checkpoints"))
    if live is None or manifest is None:
        return None
    lines = accounts(_nodes(live["graph"]), manifest["counters"])
    proofs = HistoryProof.of_all(manifest["positions"])
    return PipelineAccount(name, manifest["epoch"], tuple(lines), proofs)


def committed_positions(project: Project, name: str) -> Mapping[str, Mapping[str, Any]] | None:
    """Where each source of a pipeline goes on, by table and partition; None: nothing committed."""
    store = CheckpointStore(project.state_dir / "pipelines" / name / "checkpoints")
    manifest = newest_manifest(store)
    return None if manifest is None else manifest["positions"]


def committed_epoch(project: Project, name: str) -> tuple[int, Mapping[str, Mapping[str, Any]]]:
    """The last epoch of a pipeline and its positions, by table and partition.

    Raises:
        UserError: `control.no-account` where it has committed nothing here yet.
    """
    store = CheckpointStore(project.state_dir / "pipelines" / name / "checkpoints")
    manifest = newest_manifest(store)
    if manifest is None:
        raise _nothing(name)
    return manifest["epoch"], manifest["positions"]


def next_offset(position: Any) -> int | None:
    """The offset that a Kafka table's position goes on from; change feeds keep more beside it."""
    found = position.get("offset") if isinstance(position, dict) else position
    return found if isinstance(found, int) else None


def offset_of(position: Any) -> int:
    """The offset in a position of a Kafka table's partition."""
    offset = next_offset(position)
    assert offset is not None
    return offset


def _nothing(name: str) -> UserError:
    return UserError(
        f"the pipeline {name} has committed nothing yet",
        code="control.no-account",
        where=Where(pipeline=name),
        hint=f"Run it: tidemill run {name}",
    )


def _nodes(graph: Mapping[str, Any]) -> list[AccountNode]:
    inputs: dict[str, list[str]] = {}
    for edge in graph["edges"]:
        inputs.setdefault(edge["to"], []).append(edge["from"])
    return [
        AccountNode(
            node["id"], node["kind"], node["title"], tuple(inputs.get(node["id"], ())),
            node.get("keeps_late", False),
        )
        for node in graph["nodes"]
    ]  # fmt: skip
