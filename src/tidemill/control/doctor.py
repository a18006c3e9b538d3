"""Look for what could stop Tidemill on this machine and in this project."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from tidemill.control.doctor_servers import Check, doctor_servers
from tidemill.errors import TidemillError
from tidemill.interfaces.native import library as native_library
from tidemill.project import Project, bare_project, check_project, find_project_file

_LIBRARIES = {
    "duckdb": "duckdb",
    "pyarrow": "pyarrow",
    "sqlglot": "sqlglot",
    "confluent-kafka": "confluent_kafka",
    "psycopg": "psycopg",
}


def doctor(folder: Path | None = None) -> list[Check]:
    """All checks; none raises."""
    project, checks = _project(folder or Path.cwd())
    names = project.servers.names or None
    found = [_python(), *_libraries(), *_kafka(), *checks, _state(project)]
    servers = doctor_servers(project.state_dir, names)
    return [*found, *servers, *_stores(project), *_slots(project)]


def _slots(project: Project) -> list[Check]:
    # Loaded when used: it compiles pipelines.
    from tidemill.control.doctor_slots import doctor_slots  # noqa: PLC0415

    return doctor_slots(project)


def _stores(project: Project) -> list[Check]:
    # Loaded when used: it brings the S3 client.
    from tidemill.control.doctor_stores import doctor_stores  # noqa: PLC0415

    return doctor_stores(project)


def _python() -> Check:
    text = f"Python {sys.version.split()[0]} in {sys.prefix}"
    return Check("python", "ok", text)


def _libraries() -> list[Check]:
    checks = []
    for name, module in _LIBRARIES.items():
        try:
            import_module(module)
            checks.append(Check(f"library {name}", "ok", version(name)))
        except Exception as error:
            # Whatever a broken binary raises at import is the finding itself.
            text = f"cannot be loaded: {str(error).splitlines()[0] if str(error) else error!r}"
            checks.append(Check(f"library {name}", "failed", text, "Install Tidemill again."))
    return checks


def _kafka() -> list[Check]:
    """Which of the two ways of reading and writing Kafka is in use; both give the same rows."""
    crate = native_library()
    if crate is None:
        off = os.environ.get("TIDEMILL_NATIVE") == "0"
        why = "turned off" if off else "not installed, or of another version"
        said = f"Python (the native crate is {why})"
        return [Check("kafka reader", "ok", said), Check("kafka writer", "ok", said)]
    try:
        # Loaded here: an installation without a client that loads is what this command looks for.
        from tidemill.connectors.kafka.crate import librdkafka  # noqa: PLC0415
    except ImportError:
        return []  # said above, of confluent-kafka
    found = librdkafka(crate)
    if found.version is None:
        said = f"Python (the native crate cannot use confluent-kafka's client: {found.why_not})"
        hint = "Install confluent-kafka from its wheel, which brings librdkafka as a library."
        return [Check(f"kafka {way}", "warning", said, hint) for way in ("reader", "writer")]
    native = f"native {crate.__version__} with librdkafka {found.version}"
    return [
        Check("kafka reader", "ok", f"{native} for JSON, Debezium and Avro, else Python"),
        Check("kafka writer", "ok", native),
    ]


def _project(start: Path) -> tuple[Project, list[Check]]:
    file = start if start.is_file() else find_project_file(start)
    bare = bare_project(start if start.is_dir() else start.parent)
    if file is None:
        hint = "Make one: tidemill init my-project"
        return bare, [Check("project", "warning", f"no tidemill.yaml in {start} or above", hint)]
    project, errors = check_project(file)
    if project is None:
        checks = [Check("project", "failed", f"{e.where}: {e.message}", e.hint) for e in errors]
        return bare_project(file.parent), checks
    try:
        count = len(project.pipelines())
    except TidemillError as error:
        return project, [Check("project", "failed", error.message, error.hint)]
    said = f"{count} pipeline{'s' * (count != 1)}"
    return project, [Check("project", "ok", f"{project.name}, {said}, {file}")]


def _state(project: Project) -> Check:
    folder = project.state_dir
    if not folder.exists():
        writable = os.access(project.root, os.W_OK)
        if writable:
            return Check("state folder", "ok", f"{folder}, not made yet")
        hint = "Make the project's folder writable for this user."
        return Check("state folder", "failed", f"{project.root} cannot be written", hint)
    if folder.stat().st_mode & 0o077:
        return Check(
            "state folder",
            "warning",
            f"{folder} can be read by other users",
            f"Run: chmod 700 {folder}",
        )
    if not os.access(folder, os.W_OK):
        return Check("state folder", "failed", f"{folder} cannot be written", "Look at its owner.")
    return Check("state folder", "ok", str(folder))
