"""The decisions of a filesystem sink: one small file that is replaced as a whole.

`<path>/.tidemill/<job>/state.json` holds the last committed epoch, the renames that make it
visible, the staged files that wait to be gathered, and who may commit next (the fence). Replacing
it is the commit: renames that a crash prevented are done at the next start. `lock` in the same
folder keeps two processes from deciding at the same time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, field
from pathlib import Path

from tidemill.connectors.filesystem.paths import sync_folder
from tidemill.errors import ConnectorError, Where
from tidemill.records import dataclass

_LOCK_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Staged:
    """A finished file that is not visible yet: its name in the staging folder, and its place."""

    name: str
    folder: str
    """The partition's folder under the table's path, or nothing."""
    extension: str
    bytes: int
    since_s: float


@dataclass(slots=True)
class State:
    """What is decided."""

    fence: str = ""
    epoch: int | None = None
    renames: list[tuple[str, str]] = field(default_factory=list)
    """Staged name and final path under the table's path."""
    waiting: list[Staged] = field(default_factory=list)


class Decisions:
    """The state file of one job under one path, and the right to change it."""

    def __init__(self, root: Path, job: str) -> None:
        digest = hashlib.blake2b(job.encode(), digest_size=4).hexdigest()
        self.slug = f"{re.sub(r'[^A-Za-z0-9_]+', '_', job)[:40]}_{digest}"
        self.root = root
        self.folder = root / ".tidemill" / self.slug
        self.token = secrets.token_hex(8)
        self.state = State()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; the system frees it when a process dies."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._acquire(handle)
            yield
        finally:
            os.close(handle)

    def _acquire(self, handle: int) -> None:
        deadline_s = time.monotonic() + _LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise ConnectorError(
                        f"another process of this job holds `{self.folder / 'lock'}`",
                        code="connector.unreachable",
                        where=Where(file=str(self.root)),
                        hint="Is an older process of the pipeline paused? End it.",
                        retryable=True,
                    ) from None
                time.sleep(0.02)

    def take_over(self) -> int | None:
        """Shut out older processes, finish the last commit, clean up; return its epoch."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.locked():
            self.state = self._load()
            self.make_visible()
            self.state.fence = self.token
            self.state.renames = []
            self._store()
            self._remove_strays()
        return self.state.epoch

    def _load(self) -> State:
        path = self.folder / "state.json"
        try:
            data = json.loads(path.read_bytes())
            waiting = [Staged(**entry) for entry in data["waiting"]]
            renames = [(str(a), str(b)) for a, b in data["renames"]]
            return State(str(data["fence"]), data["epoch"], renames, waiting)
        except FileNotFoundError:
            return State()
        except (ValueError, KeyError, TypeError) as error:
            raise ConnectorError(
                f"`{path}` is damaged: {error}",
                code="connector.bad-file",
                where=Where(file=str(path)),
                hint="It says which epoch is committed here. Restore it, or remove the folder "
                "to begin anew; then rows may be written twice.",
            ) from error

    def check_fence(self, epoch: int) -> None:
        """Raise where a newer process took over. Call with the lock held."""
        if self._load().fence == self.token:
            return
        raise ConnectorError(
            f"a newer process of this job writes to `{self.root}`",
            code="connector.fenced",
            where=Where(file=str(self.root)),
            detail=f"Nothing of epoch {epoch} was made visible.",
            hint="Let one of the two processes run and stop the other.",
        )

    def decide(
        self, epoch: int | None, renames: list[tuple[str, str]], waiting: list[Staged]
    ) -> None:
        """Commit: from here on the renames will be done, whatever happens."""
        self.state = State(self.token, epoch, renames, waiting)
        self._store()

    def _store(self) -> None:
        fresh = self.folder / f"state.json.{self.token}"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(self.state), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / "state.json")
        sync_folder(self.folder)

    def make_visible(self) -> set[Path]:
        """Do the decided renames that are not done yet; return the folders that changed."""
        folders = set()
        for name, final in self.state.renames:
            staged, target = self.folder / name, self.root / final
            if staged.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.replace(target)
                folders.add(target.parent)
        for folder in folders:
            sync_folder(folder)
        return folders

    def _remove_strays(self) -> None:
        """Remove files that no decision names: those of older processes, and gathered ones."""
        kept = {"lock", "state.json", *(staged.name for staged in self.state.waiting)}
        for path in self.folder.iterdir():
            if path.name not in kept and path.is_file():
                path.unlink()
