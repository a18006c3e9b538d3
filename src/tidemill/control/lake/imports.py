"""Use case `lake import`: the files that lake.yaml names are in the lake.

Guarantees: idempotent: what is there already (same size and MD5) is not sent again, what was
interrupted goes on. An object appears whole; nothing is ever removed.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tidemill.control.lake.objects import Report, Transfer, send
from tidemill.control.project_context import open_project, resolver
from tidemill.errors import UserError
from tidemill.project import Secret
from tidemill.project.lake import LAKE_FILE, read_lake
from tidemill.stores import parse_url


def import_files(folder: Path | None = None, report: Report | None = None) -> list[Transfer]:
    """Send all files of lake.yaml; raises UserError where an entry names none."""
    project = open_project(folder, needed=False)
    lake, yaml = read_lake(project.root, needed=True)
    resolve = resolver(project)
    targets: list[tuple[str, Path, str]] = []
    for number, entry in enumerate(lake.files):
        source = _text(resolve.text(entry.source, LAKE_FILE))
        url = parse_url(_text(resolve.text(entry.to, LAKE_FILE)))
        pairs = _matching(project.root, source)
        if not pairs:
            raise UserError(
                f"`{source}` matches no file",
                code="control.nothing-to-import",
                where=yaml.where(("files", number, "from")) if yaml else None,
                hint=f"Paths start at the project's folder, {project.root}.",
            )
        into = not url.key or url.key.endswith("/")
        if len(pairs) > 1 and not into:
            raise UserError(
                f"`{source}` matches {len(pairs)} files, and `{entry.to}` is one object",
                code="control.nothing-to-import",
                where=yaml.where(("files", number, "to")) if yaml else None,
                hint="End it with a slash to mean a folder.",
            )
        for path, name in pairs:
            bucket = str(url.with_key(""))
            targets.append((bucket, path, url.key + name if into else url.key))
    done: list[Transfer] = []
    for bucket, group in groupby(targets, key=lambda target: target[0]):
        done += send([(path, key) for _, path, key in group], bucket, folder, report)
    return done


def _matching(root: Path, source: str) -> list[tuple[Path, str]]:
    """The files of an entry, each with its name under the target."""
    if any(sign in source for sign in "*?["):
        found = sorted(path for path in root.glob(source) if path.is_file())
        return [(path, path.name) for path in found]
    path = root / source
    if path.is_dir():
        inner = sorted(file for file in path.rglob("*") if file.is_file())
        return [(file, file.relative_to(path).as_posix()) for file in inner]
    return [(path, path.name)] if path.is_file() else []


def _text(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
