"""Where the files of the dbt project are, and how dbt reaches Postgres.

Guarantee: no secret stands in a file; dbt gets the login by environment variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tidemill.control.pipeline import shown_path
from tidemill.control.project_context import resolver
from tidemill.errors import ProjectError, Where
from tidemill.project import Project, Secret, find_references

FOLDER = "dbt"
SOURCE = "tidemill"
"""The name of the dbt source with the tables that pipelines write."""

SERVER = "postgres"
"""The server, or connection, that the warehouse is on."""

_LOGIN = {
    "TIDEMILL_POSTGRES_HOST": "server:postgres.host",
    "TIDEMILL_POSTGRES_PORT": "server:postgres.port",
    "TIDEMILL_POSTGRES_USER": "server:postgres.user",
    "TIDEMILL_POSTGRES_DATABASE": "server:postgres.database",
    "TIDEMILL_POSTGRES_PASSWORD": "secret:postgres.password",
}


def dbt_folder(project: Project) -> Path:
    """The folder of the dbt project; raises ProjectError where there is none."""
    folder = project.root / FOLDER
    if not (folder / "dbt_project.yml").is_file():
        raise ProjectError(
            f"there is no dbt project in {shown_path(folder)}",
            code="dbt.no-project",
            where=Where(file=str(folder / "dbt_project.yml")),
            hint="Make one: tidemill init . --with dbt",
        )
    return folder


def target_folder(project: Project) -> Path:
    """Where dbt writes what it made: the manifest, results, compiled SQL."""
    return project.state_dir / "dbt" / "target"


def login(project: Project) -> Mapping[str, str]:
    """The environment variables of the profile, with the secret ones; raises ProjectError."""
    resolve = resolver(project)
    found: dict[str, str] = {}
    for name, reference in _LOGIN.items():
        (parsed,) = find_references("${" + reference + "}", "dbt")
        value = resolve.value(parsed)
        found[name] = value.reveal() if isinstance(value, Secret) else value
    return found
