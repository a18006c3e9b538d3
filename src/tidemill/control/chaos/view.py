"""Kept chaos runs for the console: a line of a list, and one run whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidemill.control.chaos.store import kept, one_kept
from tidemill.errors import UserError
from tidemill.project import Project

_SUMMARY = (
    "id", "pipeline", "seed", "begun_at_ms", "seconds", "holds", "interrupted", "rows", "kills",
    "recovery_p50_s", "recovery_p99_s",
)  # fmt: skip


def chaos_runs(project: Project) -> list[dict[str, Any]]:
    """The runs that were kept, the newest first, without their actions."""
    return [_summary(one) for one in kept(project)]


def chaos_run(project: Project, wanted: str) -> Mapping[str, Any]:
    """One run as it was kept; raises UserError where there is none of this name."""
    found = one_kept(project, wanted)
    if found is None:
        raise UserError(
            f"no chaos run `{wanted}` was kept",
            code="chaos.unknown-run",
            hint="Runs are made by: tidemill chaos",
        )
    return found


def _summary(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**{key: one[key] for key in _SUMMARY}, "actions": len(one["actions"])}
