"""A new dbt project beside the pipelines: its two files, and a staging model for each table.

Guarantees: nothing that exists is overwritten; `tidemill dbt build` runs what was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemill.control.dbt.generate import generate, warehouse_tables
from tidemill.control.dbt.layout import FOLDER, SOURCE
from tidemill.control.flow import flows_of
from tidemill.control.project_context import open_project
from tidemill.errors import ProjectError, Where


def add_dbt(folder: Path, template: Mapping[str, str]) -> list[str]:
    """Write the dbt project of a Tidemill project; the files from its folder.

    Raises ProjectError where there is one already, SqlError where a pipeline cannot be compiled.
    """
    project = open_project(folder)
    place = project.root / FOLDER / "dbt_project.yml"
    if place.exists():
        raise ProjectError(
            f"{project.root} already has a dbt project",
            code="cli.not-empty",
            where=Where(file=str(place)),
            hint="Nothing was written. `tidemill dbt generate` renews its sources.",
        )
    tables = warehouse_tables(flows_of(project))
    files = {path: text.replace("{{name}}", project.name) for path, text in template.items()}
    several = len({table.schema for table in tables}) > 1
    for table in tables:
        source = f"{SOURCE}_{table.schema}" if several else SOURCE
        columns = ",\n".join(f'    "{column.name}"' for column in table.table.schema.columns)
        reference = "{{ source('" + source + "', '" + table.name + "') }}"
        files[f"{FOLDER}/models/staging/stg_{table.name}.sql"] = (
            f"select\n{columns}\nfrom {reference}\n"
        )
    for path, text in files.items():
        target = project.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_text(text, encoding="utf-8")
    return [*files, *generate(folder).files]
