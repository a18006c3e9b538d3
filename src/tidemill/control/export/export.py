"""Use case `export`: a project as files for Docker Compose or Kubernetes.

Guarantees: no secret is written: what the project keeps secret becomes an environment variable or
a key of a Secret, by name; files that only their owner may read are not copied; a folder that holds
anything is not written to. Non-guarantee: data and state do not move; what is exported begins
empty.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tidemill.control.export import kubernetes, texts
from tidemill.control.export.compose import compose_file
from tidemill.control.export.connections import connections, write_project_file
from tidemill.control.export.model import Deployment, Exported, ExportedPipeline, Target
from tidemill.control.export.servers import containers
from tidemill.control.pipeline import compile_pipeline, read_sql, shown_path
from tidemill.control.project_context import open_project
from tidemill.errors import UserError, Where
from tidemill.project import Project, find_references
from tidemill.version import __version__

_READ_FOR_REFERENCES = (".sql", ".yaml", ".yml", ".json")
_NEVER_COPIED = ("__pycache__",)
_MARK = ".tidemill-export"
"""Says that a folder was exported; such a folder in a project is not part of it."""


def export(
    target: Target,
    into: Path,
    folder: Path | None = None,
    *,
    init_sql: Sequence[Path] = (),
    image: str | None = None,
    wheel: Path | None = None,
) -> Exported:
    """Write the files; raises UserError where a pipeline is wrong or the folder is not empty.

    Args:
        target: compose or kubernetes.
        into: the folder to write, which must be empty or absent.
        folder: the project's folder.
        init_sql: scripts that a new Postgres runs, in this order.
        image: the name of the engine's image; by default the project's.
        wheel: a wheel of Tidemill to install in the image.
    """
    project = open_project(folder)
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UserError(
            f"{into} is there and not an empty folder",
            code="control.not-empty",
            where=Where(file=str(into)),
            hint="Name another folder, or remove it.",
        )
    scripts = {path.name: read_sql(path) for path in init_sql}
    servers = project.settings.servers.given()
    database = project.name.replace("-", "_").lower()
    pipelines, extras, notes = _pipelines(project)
    made = connections(tuple(servers), database, target)
    (into / "project").mkdir(parents=True, exist_ok=True)
    left_out = _copy(project, into, into / "project")
    notes += tuple(f"not copied, as only its owner may read it: {name}" for name in left_out)
    if project.file is not None:
        write_project_file(project.file, into / "project" / project.file.name, made)
    deployment = Deployment(
        project=project.name,
        image=image or f"{project.name.lower()}:latest",
        containers=containers(servers, database),
        pipelines=pipelines,
        variables=tuple(sorted(_variables(into / "project"))),
        flink="flink" in servers,
        connectors=_connectors(project, servers),
        init_sql=tuple(scripts) if "postgres" in servers else (),
    )
    _write(deployment, target, into, scripts, extras, wheel)
    exported = {*deployment.servers, "flink"}
    notes += tuple(
        f"{name} is left out: use its own chart" for name in servers if name not in exported
    )
    files = sorted(p.relative_to(into).as_posix() for p in into.rglob("*") if p.is_file())
    own = tuple(name for name in files if not name.startswith("project/"))
    return Exported(shown_path(into), own, deployment.variables, notes)


def _pipelines(
    project: Project,
) -> tuple[tuple[ExportedPipeline, ...], tuple[str, ...], tuple[str, ...]]:
    """The pipelines, the extras that they need of the package, and notes."""
    found, labels, extras = [], set(), set()
    for pipeline in project.pipelines():
        compiled = compile_pipeline(project, pipeline, lenient=True)
        label = re.sub(r"[^a-z0-9]+", "-", pipeline.name.lower()).strip("-")
        while label in labels:
            label += "-x"
        labels.add(label)
        found.append(ExportedPipeline(pipeline.name, label, compiled.plan.bounded))
        text = compiled.source.text
        if re.search(r"'provider'\s*=\s*'onnx'", text):
            extras.add("onnx")
        if re.search(r"'connector'\s*=\s*'kinesis'", text):
            extras.add("kinesis")
    notes = () if found else ("the project names no pipelines",)
    return tuple(found), tuple(sorted(extras)), notes


def _copy(project: Project, into: Path, target: Path) -> list[str]:
    """Copy the project's files; returns those that are secrets by their mode."""
    left_out = []
    exported = {mark.parent for mark in project.root.rglob(_MARK)} | {into.resolve()}
    for path in sorted(project.root.rglob("*")):
        name = path.relative_to(project.root)
        hidden = any(part.startswith(".") or part in _NEVER_COPIED for part in name.parts)
        inside = any(path.is_relative_to(folder) for folder in exported)
        if hidden or inside or path.is_symlink() or not path.is_file():
            continue
        if path.stat().st_mode & 0o077 == 0:
            left_out.append(name.as_posix())
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / name)
    return left_out


def _variables(project: Path) -> Iterator[str]:
    """Environment variables that the project refers to and gives no default."""
    found = set()
    for path in project.rglob("*"):
        if path.suffix not in _READ_FOR_REFERENCES or path.name.endswith(".schema.json"):
            continue
        try:
            references = find_references(path.read_text(encoding="utf-8"), str(path))
        except (UnicodeDecodeError, UserError):
            continue
        found |= {r.name for r in references if r.kind == "env" and r.default is None}
    yield from found


def _connectors(project: Project, servers: Mapping[str, Any]) -> tuple[str, ...]:
    if "connect" not in servers:
        return ()
    return tuple(sorted(path.name for path in (project.root / "connectors").glob("*.json")))


def _write(
    deployment: Deployment,
    target: Target,
    into: Path,
    scripts: Mapping[str, str],
    extras: Sequence[str],
    wheel: Path | None,
) -> None:
    files = {
        _MARK: f"{target}\n",
        "Dockerfile": texts.engine_dockerfile(__version__, extras),
        "wheels/README": texts.WHEELS,
        "project/health.py": texts.HEALTH,
    }
    if deployment.connectors:
        files["project/register-connectors.sh"] = texts.REGISTER
    if deployment.flink:
        files["flink.Dockerfile"] = texts.flink_dockerfile()
        files["jars.sha256"] = texts.jar_sums()
    if target == "compose":
        files |= {f"init/{name}": text for name, text in scripts.items()}
        files[".env.example"] = texts.environment_example(deployment)
        files["README.md"] = texts.compose_readme(deployment)
    else:
        files["README.md"] = texts.kubernetes_readme(deployment)
    for name, text in files.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_text(text, encoding="utf-8")
    if wheel is not None:
        shutil.copy(wheel, into / "wheels" / wheel.name)
    if target == "compose":
        _dump([compose_file(deployment)], into / "compose.yaml")
        return
    objects = list(kubernetes.server_objects(deployment))
    if deployment.init_sql:
        objects.insert(0, kubernetes.init_sql(deployment, scripts))
    parts = {
        "servers.yaml": objects,
        "pipelines.yaml": list(kubernetes.pipeline_objects(deployment)),
        "flink.yaml": list(kubernetes.flink_objects(deployment)) if deployment.flink else [],
    }
    (into / "kubernetes").mkdir(exist_ok=True)
    for name, content in parts.items():
        if content:
            _dump(content, into / "kubernetes" / name)


def _dump(documents: Sequence[Mapping[str, Any]], file: Path) -> None:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    # Every part is written out: anchors and aliases help nobody here.
    yaml.representer.ignore_aliases = lambda _: True
    with file.open("w", encoding="utf-8") as out:
        yaml.dump_all(documents, out)
