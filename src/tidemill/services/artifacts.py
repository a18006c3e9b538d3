"""The server files that Tidemill fetches, as `servers.lock` names them.

`servers.lock` is TOML: per server the coordinates, size and SHA-256 of each file, and no address of
any host. It is made by `python -m tidemill.services.lock` and only read here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tidemill.errors import ServiceError, Where, did_you_mean
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file in a Maven repository.

    Its coordinates are `group:artifact:version[:extension:classifier]`.
    """

    coordinates: str
    bytes: int
    sha256: str

    @property
    def path(self) -> str:
        """The file's path inside any Maven repository, and inside the cache."""
        group, artifact, version, extension, classifier = split_coordinates(self.coordinates)
        suffix = f"-{classifier}" if classifier else ""
        folder = f"{group.replace('.', '/')}/{artifact}/{version}"
        return f"{folder}/{artifact}-{version}{suffix}.{extension}"

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """What one server needs from the Maven repository.

    `layout` is `classpath` (jars, used where they lie) or `plugin` (archives, each unpacked into a
    folder of its own).
    """

    server: str
    layout: str
    files: tuple[Artifact, ...]


def split_coordinates(coordinates: str) -> tuple[str, str, str, str, str]:
    """Group, artifact, version, extension (default jar) and classifier (default empty)."""
    parts = coordinates.split(":")
    if not 3 <= len(parts) <= 5 or not all(parts):
        raise ValueError(f"not Maven coordinates: {coordinates}")
    extension, classifier = ([*parts[3:], "", ""])[:2]
    return parts[0], parts[1], parts[2], extension or "jar", classifier


def lock_path() -> Path:
    """Where `servers.lock` lies: inside the package, or at the root of a source tree."""
    inside = Path(__file__).with_name("servers.lock")
    return inside if inside.exists() else Path(__file__).parents[3] / "servers.lock"


@cache
def read_lock(path: Path | None = None) -> Mapping[str, ServerFiles]:
    """All servers of `servers.lock`, by name; raises ServiceError where it cannot be read."""
    place = path or lock_path()
    try:
        document = tomllib.loads(place.read_text(encoding="utf-8"))
        return {name: _server(name, entry) for name, entry in document["servers"].items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad_lock(place, str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad_lock(place, f"It is not of the expected form: {error!r}.") from error


def server_files(name: str) -> ServerFiles:
    """The files of one server; raises ServiceError for a name that is not in the lock."""
    servers = read_lock()
    if name not in servers:
        raise ServiceError(
            f"servers.lock lists no files for `{name}`",
            code="service.unknown-server",
            where=Where(server=name),
            hint=did_you_mean(name, servers) or f"It knows: {', '.join(servers)}.",
        )
    return servers[name]


def _server(name: str, entry: Mapping[str, Any]) -> ServerFiles:
    layout = entry["layout"]
    if layout not in ("classpath", "plugin"):
        raise ValueError(f"unknown layout {layout} of {name}")
    files = tuple(
        Artifact(file["coordinates"], int(file["bytes"]), str(file["sha256"]))
        for file in entry["files"]
    )
    for file in files:
        split_coordinates(file.coordinates)
    return ServerFiles(name, layout, files)


def _bad_lock(place: Path, detail: str) -> ServiceError:
    return ServiceError(
        "the list of server files cannot be read",
        code="service.bad-lock",
        where=Where(file=str(place)),
        detail=detail,
        hint="Restore servers.lock from the repository, or install Tidemill again.",
    )
