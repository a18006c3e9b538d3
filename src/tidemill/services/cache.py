"""The cache folder: server files, shared by all projects of a user.

`TIDEMILL_CACHE` overrides; else `$XDG_CACHE_HOME/tidemill`; else `~/.cache/tidemill`.
"""

from __future__ import annotations

import os
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.services.artifacts import Artifact


def cache_folder() -> Path:
    """The cache folder, whether or not it exists yet."""
    given = os.environ.get("TIDEMILL_CACHE", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    # The XDG rules say that a relative path is to be ignored.
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "tidemill"


def make_cache_folder() -> Path:
    """The cache folder, made; raises ServiceError where it cannot be written."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "not writable by this user")
    except OSError as error:
        raise ServiceError(
            f"the cache folder cannot be used: {error.strerror}",
            code="service.cache-unusable",
            where=Where(file=str(folder)),
            hint="Set TIDEMILL_CACHE to a folder that you may write to.",
        ) from error
    return folder


def artifact_path(artifact: Artifact) -> Path:
    """Where a server file lies in the cache."""
    return cache_folder() / "maven" / artifact.path


def plugin_path(artifact: Artifact) -> Path:
    """Where an archive is unpacked; the name carries the sum, so a new archive never mixes in."""
    stem = artifact.name.removesuffix(".tar.gz")
    return cache_folder() / "plugins" / f"{stem}-{artifact.sha256[:12]}"
