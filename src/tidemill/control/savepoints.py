"""Savepoints of pipelines: take, list, delete, and go on from one.

They lie in `.tidemill/pipelines/<pipeline>/savepoints/<name>/`, each whole in its folder: a copy of
the folder is a copy of the savepoint. What sinks hold is no part of one.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tidemill.control.project_context import open_project, project_for
from tidemill.engine import savepoint
from tidemill.engine.checkpoint import CheckpointStore
from tidemill.engine.manifest_nodes import check_plan, manifest_nodes
from tidemill.engine.savepoint import Savepoint
from tidemill.errors import EngineError, UserError, Where, did_you_mean
from tidemill.plan import PhysicalPlan
from tidemill.project import Project
from tidemill.records import dataclass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A savepoint with its place."""

    pipeline: str
    name: str
    folder: Path
    savepoint: Savepoint

    def as_dict(self) -> dict[str, Any]:
        """For `--json`; times in milliseconds since 1970."""
        return {
            "pipeline": self.pipeline,
            "name": self.name,
            "folder": str(self.folder),
            **self.savepoint.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class WentBack:
    """What `go_back` did; `kept` is what stood there before, None where nothing did."""

    to: Kept
    kept: Kept | None


def take_savepoint(folder: Path | None, wanted: str, name: str | None = None) -> Kept:
    """Take a savepoint of a pipeline, which may run; without a name it is called `epoch-<n>`."""
    project = project_for(wanted, folder)
    return _take(project, project.pipeline(wanted).name, name)


def list_savepoints(folder: Path | None, wanted: str | None = None) -> list[Kept]:
    """The savepoints of a pipeline, or of all, the newest first."""
    project = open_project(folder) if wanted is None else project_for(wanted, folder)
    name = "*" if wanted is None else project.pipeline(wanted).name
    found = (project.state_dir / "pipelines").glob(f"{name}/savepoints/[!.]*/savepoint.json")
    kept = [_kept(file.parent) for file in found]
    return sorted(kept, key=lambda one: (-one.savepoint.taken_at_ms, one.name))


def delete_savepoint(folder: Path | None, wanted: str, name: str) -> Kept:
    """Delete one savepoint of a pipeline."""
    project = project_for(wanted, folder)
    found = _of_pipeline(project, project.pipeline(wanted).name, name)
    shutil.rmtree(found.folder)
    return found


def go_back(project: Project, pipeline: str, wanted: str, plan: PhysicalPlan) -> WentBack:
    """Make a savepoint what the pipeline's next run goes on from.

    What stands there now is kept as a savepoint `before-<n>`. Nothing is changed where the
    savepoint does not fit.

    Args:
        project: the project of the pipeline.
        pipeline: its name.
        wanted: the name of one of its savepoints, `PIPELINE/NAME`, or a folder.
        plan: what will run.
    """
    found = find_savepoint(project, pipeline, wanted)
    _check_fits(found, plan)
    state = project.state_dir / "pipelines" / pipeline
    store = CheckpointStore(state / "checkpoints")
    store.lock()
    try:
        kept = keep_what_is_there(project, pipeline, store)
        savepoint.install(store, found.folder, f"{project.name}.{pipeline}")
    finally:
        store.unlock()
    return WentBack(found, kept)


def _check_fits(found: Kept, plan: PhysicalPlan) -> None:
    manifest = CheckpointStore(found.folder).manifest(found.savepoint.epoch)
    try:
        check_plan(manifest, plan.fingerprint, manifest_nodes(plan))
    except EngineError as error:
        raise EngineError(
            f"the savepoint {found.name} is of another pipeline than {found.pipeline} is now",
            code=error.code,
            where=Where(file=str(found.folder)),
            hint="Run it with the text that it was taken of, or see what of its state can be "
            f"kept: tidemill plan {found.pipeline} --from {found.name}",
        ) from None


def notes(went: WentBack, appended: Sequence[str]) -> list[str]:
    """What a person must know of it; `appended`: the sinks that keep every row they get."""
    said = [f"goes on from savepoint {went.to.name} (epoch {went.to.savepoint.epoch})"]
    if went.kept is None:
        return said
    said.append(f"what was there before is kept: --from {went.kept.name}")
    if appended:
        tables = ", ".join(f"`{table}`" for table in appended)
        said.append(
            f"rows from after the savepoint come again; {tables} only adds rows, so what was "
            "written since then stands there twice"
        )
    return said


def appended_to(plan: PhysicalPlan) -> list[str]:
    """The sinks that keep every row they get: those without a primary key."""
    sinks = [stage.sink for stage in plan.outputs if stage.sink is not None]
    return sorted({sink.name for sink in sinks if not sink.primary_key})


def keep_what_is_there(project: Project, pipeline: str, store: CheckpointStore) -> Kept | None:
    """Take the savepoint `before-<n>`; None where there is nothing that it could hold.

    Where the newest epoch was kept already, by a change that failed then, it is that one.
    """
    epochs = store.epochs()
    if not epochs:
        return None
    name = f"before-{epochs[-1] + 1}"
    there = project.state_dir / "pipelines" / pipeline / "savepoints" / name
    if (there / "savepoint.json").is_file():
        return _kept(there)
    try:
        return _take(project, pipeline, name)
    except EngineError as error:
        if error.code == "engine.no-savepoint":
            return None
        raise


def _take(project: Project, pipeline: str, name: str | None) -> Kept:
    state = project.state_dir / "pipelines" / pipeline
    store = CheckpointStore(state / "checkpoints")
    folder = state / "savepoints"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _kept(savepoint.take(store, folder, None if name is None else _checked(name)))


def _kept(folder: Path) -> Kept:
    return Kept(folder.parent.parent.name, folder.name, folder, savepoint.load(folder))


def find_savepoint(project: Project, pipeline: str, wanted: str) -> Kept:
    """A savepoint by its name, as `PIPELINE/NAME`, or by its folder."""
    path = Path(wanted)
    if (path / "savepoint.json").is_file():
        return _kept(path.resolve())
    of, _, name = wanted.rpartition("/")
    return _of_pipeline(project, _checked(of or pipeline), name)


def _of_pipeline(project: Project, pipeline: str, name: str) -> Kept:
    folder = project.state_dir / "pipelines" / pipeline / "savepoints"
    if _NAME.fullmatch(name) and (folder / name / "savepoint.json").is_file():
        return _kept(folder / name)
    known = sorted(file.parent.name for file in folder.glob("[!.]*/savepoint.json"))
    raise UserError(
        f"the pipeline {pipeline} has no savepoint `{name}`",
        code="engine.no-savepoint",
        where=Where(pipeline=pipeline),
        hint=did_you_mean(name, known)
        or (f"There are: {', '.join(known)}." if known else "Take one: tidemill savepoint take"),
    )


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise UserError(
            f"`{name}` is no name for a savepoint",
            code="control.savepoint-name",
            hint="Use letters, digits, `.`, `_` and `-`, beginning with a letter or digit.",
        )
    return name
