"""Results of chaos runs, one JSON file each, under `.tidemill/chaos`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tidemill.control.chaos.model import ChaosResult
from tidemill.project import Project, ensure_state_dir
from tidemill.services.state import read_json, write_private

FOLDER = "chaos"


def results_folder(project: Project) -> Path:
    """Where results are kept."""
    return project.state_dir / FOLDER


def keep(project: Project, result: ChaosResult) -> Path:
    """Write a result, whole or not at all."""
    ensure_state_dir(project.state_dir)
    folder = results_folder(project)
    folder.mkdir(exist_ok=True)
    path = folder / f"{result.id}.json"
    write_private(path, json.dumps(result.as_dict()) + "\n")
    return path


def kept(project: Project) -> list[dict[str, Any]]:
    """The results that are there, the newest first."""
    found = [read_json(path) for path in sorted(results_folder(project).glob("*.json"))]
    results = [one for one in found if isinstance(one, dict) and one.get("version") == 1]
    return sorted(results, key=lambda one: one["begun_at_ms"], reverse=True)


def one_kept(project: Project, wanted: str) -> dict[str, Any] | None:
    """One result by its id; None where it is not there."""
    return next((one for one in kept(project) if one["id"] == wanted), None)
