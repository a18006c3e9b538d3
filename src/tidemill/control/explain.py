"""Explain how a pipeline would run, without any server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.control.check import Finding, all_findings
from tidemill.control.flink_bridge import bridged_tables
from tidemill.control.pipeline import CompiledPipeline, compile_pipeline
from tidemill.control.project_context import project_for
from tidemill.records import dataclass


@dataclass(frozen=True)
class Explanation:
    """The plan as text (with and without its queries) and as data, with warnings and notes."""

    pipeline: str
    text: str
    outline: str
    tree: Any
    warnings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation for `--json`."""
        return {
            "pipeline": self.pipeline,
            "plan": self.tree,
            "text": self.text,
            "warnings": [asdict(warning) for warning in self.warnings],
            "notes": list(self.notes),
        }


def explain(
    wanted: str, folder: Path | None = None, *, variables: Mapping[str, str] | None = None
) -> Explanation:
    """Explain one pipeline, given by name or path."""
    from tidemill.plan import explain as explain_plan  # noqa: PLC0415 - loaded when used

    project = project_for(wanted, folder)
    pipeline = project.pipeline(wanted)
    compiled = compile_pipeline(project, pipeline, variables=variables, lenient=True)
    tree = explain_plan(compiled.plan)
    return Explanation(
        pipeline.name,
        tree.text(queries=True),
        tree.text(queries=False),
        tree.as_dict(),
        all_findings(compiled),
        (*compiled.notes, *_on_flink(compiled)),
    )


def _on_flink(compiled: CompiledPipeline) -> tuple[str, ...]:
    """What would be different in a run on Flink."""
    return tuple(
        f"with --engine flink, {name} is bridged: Flink has no connector to write it, so it writes "
        "a topic, which an embedded pipeline carries on"
        for name in bridged_tables(compiled.plan)
    )
