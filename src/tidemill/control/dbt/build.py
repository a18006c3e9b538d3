"""Run dbt in its own environment, with the login passed by environment variables.

Guarantees: the password is in no file, no argument and no output; what dbt wrote before stays
as it was where a model fails (each model is one transaction).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tidemill.control.dbt.generate import generate
from tidemill.control.dbt.layout import dbt_folder, login, target_folder
from tidemill.control.environments import ensure_environment
from tidemill.control.project_context import open_project
from tidemill.control.up import Progress
from tidemill.errors import VerificationError, Where
from tidemill.project import Project, ensure_state_dir
from tidemill.records import dataclass

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "NO_COLOR")


@dataclass(frozen=True, slots=True)
class NodeResult:
    """One model, test or seed: dbt's status of it, and what it said."""

    id: str
    status: str
    seconds: float
    message: str | None
    failures: int | None


@dataclass(frozen=True)
class DbtBuild:
    """How a build ended."""

    success: bool
    nodes: tuple[NodeResult, ...]
    manifest: Path

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "success": self.success,
            "nodes": [
                {"id": n.id, "status": n.status, "seconds": n.seconds, "message": n.message,
                 "failures": n.failures}
                for n in self.nodes
            ],
            "manifest": str(self.manifest),
        }  # fmt: skip


def build(
    folder: Path | None = None,
    *,
    select: Sequence[str] = (),
    full_refresh: bool = False,
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> DbtBuild:
    """Generate, then run `dbt build`: models, tests, seeds, snapshots in their order.

    Raises ProjectError without a dbt project or a running Postgres, VerificationError where dbt
    could not even begin, such as a model that cannot be parsed.

    Args:
        folder: the project's folder.
        select: dbt's selectors; by default everything.
        full_refresh: build incremental models anew.
        say: told each line that dbt prints.
        progress: told of the environment, the first time.
    """
    project = open_project(folder)
    generate(folder)
    arguments = ["build", *(["--full-refresh"] if full_refresh else [])]
    arguments += ["--select", *select] if select else []
    lines: list[str] = []

    def heard(line: str) -> None:
        lines.append(line)
        if say is not None:
            say(line)

    results = target_folder(project) / "run_results.json"
    results.unlink(missing_ok=True)
    code = run_dbt(project, arguments, heard, progress)
    nodes = _results(results)
    if code != 0 and not nodes:
        raise VerificationError(
            "dbt build failed before it ran anything",
            code="dbt.failed",
            where=Where(file=str(dbt_folder(project))),
            detail="\n".join(lines[-12:]),
            hint="Mend what dbt says; `tidemill dbt build` runs it again.",
        )
    return DbtBuild(code == 0, nodes, target_folder(project) / "manifest.json")


def run_dbt(
    project: Project,
    arguments: Sequence[str],
    heard: Callable[[str], None],
    progress: Progress | None = None,
) -> int:
    """Run one dbt command in the project's dbt folder; its exit code."""
    folder = dbt_folder(project)
    python = ensure_environment("dbt", progress)
    target = target_folder(project)
    ensure_state_dir(project.state_dir)
    target.mkdir(parents=True, exist_ok=True)
    environment = {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        **login(project),
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target.parent / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
        "DBT_USE_COLORS": "false",
    }
    with subprocess.Popen(
        [str(python.with_name("dbt")), *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            heard(line.rstrip("\n"))
    return process.returncode


def _results(path: Path) -> tuple[NodeResult, ...]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        return ()
    return tuple(
        NodeResult(
            one["unique_id"], one["status"], round(one.get("execution_time") or 0.0, 3),
            one.get("message"), one.get("failures"),
        )
        for one in found
    )  # fmt: skip
