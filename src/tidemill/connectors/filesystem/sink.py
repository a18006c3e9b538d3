"""The commit group of `filesystem`: all tables of a job under one path."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from itertools import count, groupby
from pathlib import Path

from tidemill.connectors.filesystem.options import FileOptions, parse
from tidemill.connectors.filesystem.parts import merge
from tidemill.connectors.filesystem.paths import file_errors
from tidemill.connectors.filesystem.state import Decisions, Staged
from tidemill.connectors.filesystem.writer import FilesystemWriter
from tidemill.errors import ConnectorError, ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import DeadLetter, Position, TableDescriptor

Renames = list[tuple[str, str]]


def group_key(table: TableDescriptor, job: JobContext) -> str:
    """Equal for tables under one path."""
    options = parse(table, job)
    return f"filesystem {options.url or options.path}"


class FilesystemGroup:
    """Finished files become visible at the commit, named `part-<job>-<epoch>-<n>.<format>`.

    Guarantees: atomic across a crash, and idempotent: an epoch that is committed is taken for done,
    and the same epoch would give the same names.
    """

    atomic = True
    idempotent = True
    at_once = False

    def __init__(self, tables: Sequence[TableDescriptor], job: JobContext) -> None:
        parsed = [(table, parse(table, job)) for table in tables]
        self._options: FileOptions = parsed[0][1]
        self._root = self._options.path
        if any(c in str(self._root) for c in "*?["):
            raise ProjectError(
                f"a sink's path is one folder, not the pattern `{self._root}`",
                code="connector.path-refused",
            )
        self._decisions = Decisions(self._root, job.job)
        self._staged_count = count()
        self._writers = {
            table.name: FilesystemWriter(table, options, self._new_path)
            for table, options in parsed
        }
        self._is_open = False

    @property
    def name(self) -> str:
        """The folder."""
        return f"files in {self._root}"

    def _new_path(self, extension: str) -> Path:
        name = f"{self._decisions.token}-{next(self._staged_count)}.{extension}"
        return self._decisions.folder / name

    def open(self) -> int | None:
        """Take over from older processes, finish their last commit; return its epoch."""
        with file_errors(self._root):
            epoch = self._decisions.take_over()
        self._is_open = True
        return epoch

    def writer(self, table: str) -> FilesystemWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Make the epoch's files durable, still hidden."""
        if self._is_done(epoch):
            self.abort()
            return []
        with file_errors(self._root):
            # a newer process has removed our files by then: say why
            self._decisions.check_fence(epoch)
            for writer in self._writers.values():
                writer.finish()
        return []

    def _is_done(self, epoch: int) -> bool:
        committed = self._decisions.state.epoch
        return committed is not None and epoch <= committed

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Decide, then make the files visible."""
        if self._is_done(epoch):
            return
        if not self._is_open:
            raise ConnectorError(f"{self.name} is not open", code="connector.not-open")
        with file_errors(self._root):
            staged = [s for writer in self._writers.values() for s in writer.finish()]
            with self._decisions.locked():
                self._decisions.check_fence(epoch)
                self._decide(epoch, self._decisions.state.waiting + staged, everything=False)
            for writer in self._writers.values():
                writer.forget()

    def _decide(self, epoch: int, staged: list[Staged], *, everything: bool) -> None:
        """Gather or publish staged files; the lock is held."""
        numbers = count()
        renames: Renames = []
        waiting: list[Staged] = []
        gathered: list[Staged] = []
        order = sorted(staged, key=lambda s: (s.folder, s.extension))
        for _, group in groupby(order, key=lambda s: (s.folder, s.extension)):
            files = list(group)
            if not everything and not self._ripe(files):
                waiting += files
                continue
            merged = self._merged(files)
            gathered += files if merged else []
            for file in [merged] if merged else files:
                final = f"part-{self._decisions.slug}-{epoch}-{next(numbers)}.{file.extension}"
                renames.append((file.name, f"{file.folder}/{final}" if file.folder else final))
        self._decisions.decide(epoch, renames, waiting)
        self._mark(self._decisions.make_visible())
        for file in gathered:
            (self._decisions.folder / file.name).unlink(missing_ok=True)

    def _ripe(self, files: Sequence[Staged]) -> bool:
        """Whether the files of a folder become visible now."""
        values = self._options.values
        if not values["auto-compaction"]:
            return True
        target = values["compaction.file-size"] or values["sink.rolling-policy.file-size"]
        age_ms = (time.time() - min(f.since_s for f in files)) * 1000
        interval_ms = values["sink.rolling-policy.rollover-interval"]
        return bool(sum(f.bytes for f in files) >= target or age_ms >= interval_ms)

    def _merged(self, files: Sequence[Staged]) -> Staged | None:
        """One file with the rows of all; None where they stay as they are."""
        if len(files) < 2 or not self._options.values["auto-compaction"]:
            return None
        path = self._new_path(files[0].extension)
        sources = [self._decisions.folder / file.name for file in files]
        if not merge(sources, path, self._options):
            return None
        first = files[0]
        return Staged(path.name, first.folder, first.extension, path.stat().st_size, first.since_s)

    def _mark(self, folders: set[Path]) -> None:
        values = self._options.values
        if values["sink.partition-commit.policy.kind"] == "success-file":
            for folder in folders:
                if folder != self._root:
                    (folder / values["sink.partition-commit.success-file.name"]).touch()

    def abort(self) -> None:
        """Remove the files of the open epoch."""
        with file_errors(self._root):
            for writer in self._writers.values():
                writer.discard()

    def close(self) -> None:
        """Abort the open epoch, and publish committed files that were still being gathered."""
        with contextlib.suppress(Exception):
            self.abort()
        state = self._decisions.state
        if self._is_open and state.waiting and state.epoch is not None:
            with contextlib.suppress(Exception), self._decisions.locked():
                self._decisions.check_fence(state.epoch)
                self._decide(state.epoch, state.waiting, everything=True)
        self._is_open = False
