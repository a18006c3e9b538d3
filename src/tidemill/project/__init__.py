"""The project: `tidemill.yaml`, references and secrets, pipelines, the state folder.

- `load`: find and read the project file; `model`: what may stand in it; `schema`: for editors.
- `project`: a `Project` and its pipelines; `state`: the folder `.tidemill`.
- `references`, `resolve`: `${env:NAME}`, `${server:kafka.bootstrap}` and their like.
- `secret`: values that do not show themselves.

Every error is a `ProjectError` with file, line and column where there is a file.
"""

from tidemill.project.functions import ProjectFunctions
from tidemill.project.load import (
    bare_project,
    check_project,
    find_project_file,
    load_project,
    no_project,
    project_of,
    read_project,
)
from tidemill.project.project import PROJECT_FILE, PipelineFile, Project, safe_name
from tidemill.project.references import Reference, find_references, find_sql_references
from tidemill.project.resolve import Resolver
from tidemill.project.schema import json_schema
from tidemill.project.secret import MASK, RevealedSecret, Secret
from tidemill.project.state import STATE_DIR, ensure_state_dir
from tidemill.project.validate import looks_secret
from tidemill.project.yaml_text import compose_yaml, node_span

__all__ = [
    "MASK",
    "PROJECT_FILE",
    "STATE_DIR",
    "PipelineFile",
    "Project",
    "ProjectFunctions",
    "Reference",
    "Resolver",
    "RevealedSecret",
    "Secret",
    "bare_project",
    "check_project",
    "compose_yaml",
    "ensure_state_dir",
    "find_project_file",
    "find_references",
    "find_sql_references",
    "json_schema",
    "load_project",
    "looks_secret",
    "no_project",
    "node_span",
    "project_of",
    "read_project",
    "safe_name",
]
