"""The use case `plan`: what becomes of a pipeline's state under its text as it is now.

It reads the newest checkpoint (or a savepoint) and asks the stores what they still have. Nothing is
changed, and a pipeline that runs goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tidemill.control.change.compare import Again, Matching, again, match
from tidemill.control.change.inputs import Input, ReadAgain, past_of
from tidemill.control.newest_manifest import newest_manifest
from tidemill.control.pipeline import CompiledPipeline, compile_pipeline, opened
from tidemill.control.project_context import project_for
from tidemill.control.run import only_pipeline
from tidemill.control.savepoints import find_savepoint
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.errors import UserError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.plan.physical import OperatorStage
from tidemill.project import Project
from tidemill.records import dataclass

_BY_CLOCK = "what goes by the time of day cannot be computed again"
UNCHANGED, KEPT, REBUILT, LOST = "unchanged", "kept", "rebuilt", "lost"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one node, and why.

    `fate` of a source: goes-on, new, begins-anew, gone. Of an operator: kept, rebuilt, lost, new,
    stateless, gone. Of a sink: goes-on, rewritten, from-here, new, gone. `was` is its old id.
    """

    id: str
    kind: str
    title: str
    fate: str
    why: str
    was: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "id": self.id, "kind": self.kind, "title": self.title, "fate": self.fate,
            "why": self.why, "was": self.was,
        }  # fmt: skip


@dataclass(frozen=True)
class ChangePlan:
    """What `apply` would do. `epoch` is that of the checkpoint that it goes on from.

    `file` is the path of the pipeline's text.
    """

    pipeline: str
    file: str
    epoch: int
    savepoint: str | None
    fates: tuple[Fate, ...]
    reads: tuple[ReadAgain, ...]
    matching: Matching
    again: Again
    compiled: CompiledPipeline
    manifest: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """The worst that happens to any state: unchanged, kept, rebuilt, lost."""
        fates = {one.fate for one in self.fates}
        if "lost" in fates:
            return LOST
        if "rebuilt" in fates or self.reads:
            return REBUILT
        return UNCHANGED if self.matching.unchanged else KEPT

    @property
    def records(self) -> int | None:
        """How many records are read again, at most; None where nobody knows."""
        counts = [one.records for one in self.reads]
        known = [n for n in counts if n is not None]
        return sum(known) if len(known) == len(counts) else None

    def of_kind(self, kind: str) -> list[Fate]:
        """The fates of sources, operators or sinks."""
        return [one for one in self.fates if one.kind == kind]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "pipeline": self.pipeline,
            "epoch": self.epoch,
            "savepoint": self.savepoint,
            "verdict": self.verdict,
            **{f"{kind}s": [f.as_dict() for f in self.of_kind(kind)]
               for kind in ("source", "operator", "sink")},
            "reads": [one.as_dict() for one in self.reads],
            "records": self.records,
        }  # fmt: skip


def plan_change(
    wanted: str | None,
    folder: Path | None = None,
    *,
    savepoint: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> ChangePlan:
    """Say what becomes of a pipeline's state, before anything happens.

    Args:
        wanted: the pipeline, by name or path; None: the only one of the project.
        folder: the project's folder.
        savepoint: go on from this one, not from the newest checkpoint.
        variables: values for `${var:...}`.

    Raises:
        UserError: `control.no-state` where the pipeline has committed nothing yet.
    """
    project = project_for(wanted or "", folder)
    pipeline = project.pipeline(wanted if wanted is not None else only_pipeline(project, folder))
    compiled = compile_pipeline(project, pipeline, variables=variables)
    return plan_for(project, pipeline.name, compiled, savepoint)


def plan_for(
    project: Project, name: str, compiled: CompiledPipeline, savepoint: str | None
) -> ChangePlan:
    """As `plan_change`, for what is compiled already."""
    manifest = _manifest(project, name, savepoint)
    if "nodes" not in manifest:
        raise UserError(
            f"what is kept of {name} was written by a version that did not say what it is of",
            code="control.no-state",
            where=Where(pipeline=name),
            hint="Run the old text once with this version, then change it.",
        )
    found = match(manifest, compiled.plan)
    needed = again(compiled.plan, found)
    inputs = _inputs(project, name, compiled, manifest, needed, found)
    operators = [
        _operator(stage, found, needed, inputs, compiled) for stage in compiled.plan.operators
    ]
    sinks = _sinks(found, needed, inputs, compiled)
    instead = {*(one.was for one in operators), *(one.title for one in sinks)}
    gone = [
        _gone(old)
        for old in found.gone
        if old["kind"] in ("operator", "sink") and not {old["id"], old["title"]} & instead
    ]
    fates = [*_sources(found), *operators, *sinks, *gone]
    return ChangePlan(
        name,
        compiled.source.file,
        manifest["epoch"],
        savepoint,
        tuple(fates),
        tuple(read for one in inputs.values() for read in one.reads),
        found,
        needed,
        compiled,
        manifest,
    )


def _manifest(project: Project, name: str, savepoint: str | None) -> Mapping[str, Any]:
    folder = project.state_dir / "pipelines" / name / "checkpoints"
    if savepoint is not None:
        folder = find_savepoint(project, name, savepoint).folder
    store = CheckpointStore(folder)
    manifest = newest_manifest(store)
    if manifest is None:
        raise UserError(
            f"the pipeline {name} has no state yet",
            code="control.no-state",
            where=Where(pipeline=name),
            hint=f"Run it: tidemill run {name}",
        )
    return manifest


def _inputs(
    project: Project,
    name: str,
    compiled: CompiledPipeline,
    manifest: Mapping[str, Any],
    needed: Again,
    found: Matching,
) -> dict[str, Input]:
    """The past of each source that is read again, by its id; of new ones there is none."""
    from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

    context = JobContext(f"{project.name}.{name}", FORMATS)
    counters = manifest["counters"]
    inputs = {}
    for stage in compiled.plan.sources:
        if stage.id not in needed.sources or stage.id not in found.sources:
            continue
        table = stage.table.name
        if stage.values is not None:
            inputs[stage.id] = Input(())
            continue
        positions = manifest["positions"].get(table, {})
        records = counters.get(f"source.{table}.records", 0)
        settled = opened(stage.table, compiled.source, project.root)
        inputs[stage.id] = past_of(settled, positions, records, context)
    return inputs


def _sources(found: Matching) -> list[Fate]:
    fates = []
    titles = {old["title"] for old in found.before if old["kind"] == "source"}
    for node in found.nodes:
        if node["kind"] != "source":
            continue
        if node["id"] in found.sources:
            fate, why = "goes-on", "it goes on where it stands"
        elif node["title"] in titles:
            fate, why = "begins-anew", "it reads from elsewhere now: its positions do not count"
        else:
            fate, why = "new", "it was not read before: it begins as its startup mode says"
        fates.append(_fate(node, fate, why, found.sources.get(node["id"])))
    return fates + [_gone(old) for old in found.gone if old["kind"] == "source"]


def _operator(
    stage: OperatorStage,
    found: Matching,
    needed: Again,
    inputs: Mapping[str, Input],
    compiled: CompiledPipeline,
) -> Fate:
    node = next(n for n in found.nodes if n["id"] == stage.id)
    if stage.id not in found.stateful:
        return _fate(node, "stateless", "it keeps nothing")
    if stage.id in found.operators:
        why = "it computes what it computed, from the same input"
        return _fate(node, KEPT, why, found.operators[stage.id])
    was = next((old["id"] for old in found.gone if _alike(old, node)), None)
    cause = "its query, or what comes in, is another" if was else "it is new"
    if stage.id in needed.by_clock:
        return _fate(node, LOST, f"{cause}; {_BY_CLOCK}", was)
    if stage.id not in needed.operators:
        return _fate(node, "new", "nothing of its input has been read before", was)
    below = {s.id for s in compiled.plan.source_of(stage.id)}
    missing = [
        f"of `{_title(found, i)}` {one.missing}"
        for i, one in inputs.items()
        if i in below and one.missing
    ]
    if missing:
        return _fate(node, LOST, f"{cause}; {'; '.join(missing)}", was)
    tables = ", ".join(f"`{_title(found, i)}`" for i in inputs if i in below)
    return _fate(node, REBUILT, f"{cause}; {tables} is read again", was)


def _sinks(
    found: Matching, needed: Again, inputs: Mapping[str, Input], compiled: CompiledPipeline
) -> list[Fate]:
    fates = []
    known = {old["title"] for old in found.before if old["kind"] == "sink"}
    for output in compiled.plan.outputs:
        node = next(n for n in found.nodes if n["id"] == output.id)
        below = {s.id for edge in output.edges for s in compiled.plan.source_of(edge.input)}
        missing = [one.missing for i, one in inputs.items() if i in below and one.missing]
        partly = f", but not all: {missing[0]}" if missing else ""
        if output.id in found.outputs:
            fate, why = "goes-on", "it gets what it got"
        elif output.id in needed.outputs and node["title"] in known:
            fate, why = "rewritten", f"its rows are written again, over those of their key{partly}"
        elif output.id in needed.outputs:
            fate, why = "new", f"it gets the rows of the past too{partly}"
        elif output.id in needed.by_clock:
            fate, why = "from-here", _BY_CLOCK
        elif output.id in needed.withheld:
            fate, why = "from-here", "no key tells old rows from new ones: they stay as they are"
        else:
            fate, why = "new", "nothing of its input has been read before"
        fates.append(_fate(node, fate, why, found.outputs.get(output.id)))
    return fates


def _alike(old: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    return (old["kind"], old["title"]) == (node["kind"], node["title"])


def _gone(old: Mapping[str, Any]) -> Fate:
    why = "no statement reads it any more" if old["kind"] == "source" else "no statement needs it"
    if old["kind"] == "sink":
        why = "no statement writes it any more"
    return Fate(old["id"], old["kind"], old["title"], "gone", why, old["id"])


def _fate(node: Mapping[str, Any], fate: str, why: str, was: str | None = None) -> Fate:
    return Fate(node["id"], node["kind"], node["title"], fate, why, was)


def _title(found: Matching, node: str) -> str:
    return next(str(n["title"]) for n in found.nodes if n["id"] == node)


def sentences(plan: ChangePlan) -> Sequence[str]:
    """The plan in a few sentences, for people."""
    said = {
        UNCHANGED: "Nothing changes: a run goes on.",
        KEPT: "All state is kept.",
        REBUILT: "Nothing is lost; some of the input is read again.",
        LOST: "Some state is lost: its input is not all there any more.",
    }
    lines = [said[plan.verdict]]
    if plan.reads:
        count = "an unknown number of" if plan.records is None else f"at most {plan.records:,}"
        lines.append(f"Read again: {count} records.")
    return lines
