"""Use case `train`: a program of the project in the environment `learning`.

Guarantees: the login of the project's Postgres goes to the program by libpq's own environment
variables and stands in no file, argument or output; a program that fails raises with its last
lines. The program's last line is its result, as one JSON object. It runs in the project's folder,
which `TIDEMILL_PROJECT` names.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidemill.control.dbt.layout import login
from tidemill.control.environments import ensure_environment
from tidemill.control.project_context import open_project
from tidemill.control.up import Progress
from tidemill.errors import ProjectError, VerificationError, Where
from tidemill.project import Project

ENVIRONMENT = "learning"
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_LIBPQ = {
    "PGHOST": "TIDEMILL_POSTGRES_HOST",
    "PGPORT": "TIDEMILL_POSTGRES_PORT",
    "PGUSER": "TIDEMILL_POSTGRES_USER",
    "PGDATABASE": "TIDEMILL_POSTGRES_DATABASE",
    "PGPASSWORD": "TIDEMILL_POSTGRES_PASSWORD",
}


def train(
    program: Path,
    folder: Path | None = None,
    *,
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Run a training program on the project's warehouse; its result.

    Raises ProjectError without the program or a running Postgres, VerificationError where the
    program fails.

    Args:
        program: a Python file of the project, from the project's folder.
        folder: the project's folder.
        say: told each line that the program prints, but its result.
        progress: told of the environment, the first time.
    """
    project = open_project(folder)
    values = login(project)
    variables = {name: values[ours] for name, ours in _LIBPQ.items()}
    return run_program(project, program, (), variables, say or (lambda _: None), progress)


def run_program(
    project: Project,
    program: Path,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    say: Callable[[str], None],
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Run a program of the project in the environment; its last line as JSON, or nothing."""
    file = (project.root / program).resolve()
    if not file.is_relative_to(project.root.resolve()) or not file.is_file():
        raise ProjectError(
            f"there is no program {program} in the project",
            code="train.no-program",
            where=Where(file=str(file)),
            hint="Name a Python file of the project, such as training/train.py.",
        )
    python = ensure_environment(ENVIRONMENT, progress)
    environment = {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        **variables,
        "TIDEMILL_PROJECT": str(project.root),
    }
    lines: list[str] = []
    with subprocess.Popen(
        [str(python), str(file), *arguments],
        cwd=project.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
    result = _result(lines)
    for line in lines if result is None else lines[:-1]:
        say(line)
    if process.returncode != 0:
        raise VerificationError(
            f"the program {program} failed: {lines[-1] if lines else 'it said nothing'}",
            code="train.failed",
            where=Where(file=str(file)),
            detail="\n".join(lines[-12:]),
            hint="Mend what it says, and run it again.",
        )
    return result or {}


def _result(lines: Sequence[str]) -> Mapping[str, Any] | None:
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
