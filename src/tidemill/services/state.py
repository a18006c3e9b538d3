"""The state folder of a project's servers, `<project>/.tidemill`, and files in it.

    .tidemill/                     mode 0700
      status.json                  what the supervisor last said (no secrets)
      supervisor.lock launch.lock  held by living processes
      requests/                    wishes to the supervisor
      logs/<server>.log
      servers/<server>/            endpoint.json (0600), ports.json, process.json, data ...

Files are written whole and renamed into place, so a reader never sees half of one.
"""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from tidemill.errors import ServiceError, Where
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Paths inside one state folder."""

    root: Path

    @property
    def status(self) -> Path:
        """What the supervisor last said."""
        return self.root / "status.json"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.root / "supervisor.lock"

    @property
    def launch_lock(self) -> Path:
        """Held while a supervisor is started or stopped, and while a wish is handed in."""
        return self.root / "launch.lock"

    @property
    def requests(self) -> Path:
        """Wishes to the supervisor, one file each."""
        return self.root / "requests"

    def log(self, server: str) -> Path:
        """The log of a server (or of `supervisor`)."""
        return self.root / "logs" / f"{server}.log"

    def server(self, server: str) -> Path:
        """The folder of one server."""
        return self.root / "servers" / server

    def make(self) -> StateFolder:
        """Make the folders, closed to other users; raises ServiceError where that is impossible."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
            for folder in (self.requests, self.root / "logs", self.root / "servers"):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise storage_error(self.root, error) from error
        return self


def state_folder(root: Path) -> StateFolder:
    """The state folder at `root`, as an absolute path."""
    return StateFolder(Path(os.path.abspath(root)))  # noqa: PTH100 - keeps symbolic links


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write JSON that only its owner may read, whole or not at all."""
    write_private(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """What a JSON file holds; None where it is missing or damaged (a crash of the machine)."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def storage_error(path: Path, error: OSError, server: str | None = None) -> ServiceError:
    """The error for a folder or file that could not be made or written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ServiceError(
            "there is no room left on the disk",
            code="service.disk-full",
            where=Where(server=server, file=str(path)),
            detail=error.strerror,
            hint="Free some room, or keep the project on another disk; the data so far is kept.",
        )
    return ServiceError(
        f"cannot write there: {error.strerror or error}",
        code="service.data-unusable",
        where=Where(server=server, file=str(error.filename or path)),
        hint="The folder must belong to the user who runs Tidemill; look at its owner and mode.",
    )
