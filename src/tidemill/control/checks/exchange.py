"""Suites to and from Great Expectations 1.x."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tidemill.control.checks.suites import chosen
from tidemill.control.pipeline import read_sql, shown_path
from tidemill.control.project_context import open_project
from tidemill.errors import ProjectError, Where
from tidemill.project import safe_name
from tidemill.quality.great_expectations import as_yaml_data, exported, imported
from tidemill.quality.suites import FOLDER, parse_suite


def export_suite(name: str, folder: Path | None = None) -> dict[str, Any]:
    """A suite as Great Expectations' JSON."""
    return exported(chosen(open_project(folder, needed=False), [name])[0])


def import_suite(file: Path, folder: Path | None = None) -> Path:
    """Write a suite of Great Expectations as `checks/<name>.yaml`; returns the file.

    Raises ProjectError; nothing that exists is overwritten.
    """
    project = open_project(folder, needed=False)
    suite = imported(read_sql(file), shown_path(file))
    path = project.root / FOLDER / f"{safe_name(suite.name)}.yaml"
    text = io.StringIO()
    YAML(typ="safe", pure=True).dump(json.loads(json.dumps(as_yaml_data(suite))), text)
    parse_suite(text.getvalue(), shown_path(path), path.stem)
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as out:
            out.write(text.getvalue())
    except FileExistsError:
        raise ProjectError(
            f"{shown_path(path)} is there already",
            code="cli.not-empty",
            where=Where(file=str(path)),
            hint="Rename one of the two suites; nothing was written.",
        ) from None
    return path
