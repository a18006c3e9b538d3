"""The texts that a pipeline has run with, so that an old version can run again beside a new one.

They lie in `.tidemill/pipelines/<pipeline>/texts/`, each under a digest of its plan's nodes, as it
was written: with references, not with what they stand for.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tidemill.control.pipeline import CompiledPipeline, compile_source, resolve_sql
from tidemill.engine.manifest_nodes import manifest_nodes
from tidemill.project import PipelineFile, Project
from tidemill.services.state import write_private

_log = logging.getLogger("tidemill.control.versions")


def keep_text(state: Path, compiled: CompiledPipeline) -> None:
    """Keep what is about to run; a folder that cannot be written is no reason not to run."""
    folder = state / "texts"
    source = compiled.source
    kept = {
        "file": source.file,
        "text": source.original,
        "variables": dict(source.resolver.variables),
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(folder / _name(manifest_nodes(compiled.plan)), json.dumps(kept))
    except OSError as error:
        _log.warning("the text cannot be kept: %s", error)


def text_of(state: Path, manifest: Mapping[str, Any]) -> str | None:
    """The text that a checkpoint was made with; None where it was not kept."""
    kept = _kept(state, manifest)
    return None if kept is None else kept["text"]


def compile_old(
    project: Project, pipeline: PipelineFile, state: Path, manifest: Mapping[str, Any]
) -> CompiledPipeline | None:
    """The version that a checkpoint was made with, compiled again; None where it was not kept."""
    kept = _kept(state, manifest)
    if kept is None:
        return None
    source = resolve_sql(project, kept["text"], kept["file"], variables=kept["variables"])
    return compile_source(source, pipeline.settings)


def _kept(state: Path, manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        path = state / "texts" / _name(manifest.get("nodes", ()))
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _name(nodes: Sequence[Mapping[str, Any]]) -> str:
    text = json.dumps(list(nodes), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32] + ".json"
