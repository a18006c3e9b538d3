"""A pipeline's Python functions on Flink: what is shipped to PyFlink, and which Python runs it.

Guarantees: what is shipped is the folder `functions/`, the modules and packages at the top of the
project, and `tidemill.functions`, which imports nothing else; no settings, no secrets, no state.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import tidemill.functions
from tidemill.project import Project, ensure_state_dir
from tidemill.project.functions import FOLDER
from tidemill.runners.flink import FlinkScript

_SKIPPED = ("__pycache__", ".git", ".venv", "venv", "node_modules", ".tidemill", "tests")


def python_properties(project: Project, script: FlinkScript) -> Mapping[str, str]:
    """The session's properties for a script that declares Python functions; else none.

    Makes PyFlink's environment where it is missing (the first time takes the network), unless the
    project's connection `flink` names the `python` of a cluster of its own.
    """
    if not script.uses_python:
        return {}
    properties = {"python.files": str(bundle(project))}
    python = project.settings.connections.get("flink", {}).get("python")
    if python is None and "flink" not in project.settings.connections:
        from tidemill.control.environments import ensure_environment  # noqa: PLC0415 - when used

        python = str(ensure_environment("flink"))
    if python is not None:
        properties["python.executable"] = str(python)
        properties["python.client.executable"] = str(python)
    return properties


def bundle(project: Project) -> Path:
    """A folder with the project's modules, named after its content; what is there is kept."""
    files = dict(sorted(_files(project.root)))
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
    folder = ensure_state_dir(project.state_dir) / "flink-python" / digest.hexdigest()[:16]
    if folder.is_dir():
        return folder
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    for name, file in files.items():
        target = part / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    (part / "tidemill" / "__init__.py").write_text('"""For functions on Flink."""\n')
    part.replace(folder)
    return folder


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """What is shipped: the name in the folder, and the file."""
    package = Path(str(tidemill.functions.__file__)).parent
    for file in package.glob("*.py"):
        yield f"tidemill/functions/{file.name}", file
    for file in root.glob("*.py"):
        yield file.name, file
    for init in root.glob("*/__init__.py"):
        if init.parent.name not in (*_SKIPPED, FOLDER, "tidemill"):
            yield from _tree(init.parent, root)
    if (root / FOLDER).is_dir():
        yield from _tree(root / FOLDER, root / FOLDER)


def _tree(folder: Path, base: Path) -> Iterator[tuple[str, Path]]:
    for file in folder.rglob("*"):
        inside = file.relative_to(base)
        own = file.is_file() and file.resolve().is_relative_to(base.resolve())
        if own and not any(part in _SKIPPED for part in inside.parts):
            yield inside.as_posix(), file
