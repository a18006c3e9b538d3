"""The commit group of `filesystem` over an object store: all tables of a job under one prefix."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from tidemill.connectors.filesystem.options import FileOptions, parse
from tidemill.connectors.filesystem.state import Staged
from tidemill.connectors.filesystem.store_decisions import StoreDecisions, Upload
from tidemill.connectors.filesystem.store_files import folder_of
from tidemill.connectors.filesystem.writer import FilesystemWriter
from tidemill.errors import ConnectorError, DoubtfulCommitError, ProjectError, StoreError
from tidemill.interfaces.connector import JobContext
from tidemill.model import DeadLetter, Position, TableDescriptor
from tidemill.stores import ObjectStore, Part, open_store

PART_BYTES = 16 << 20
_THREADS = 4


class StoreGroup:
    """Objects become visible at the commit, named `part-<job>-<epoch>-<n>.<format>`.

    Rows are gathered in files of this machine; `prepare` sends these as multipart uploads, which
    nobody sees; the commit decides (see `store_decisions`) and completes them. There is no rename.

    Guarantees: atomic across a crash, and idempotent: an epoch that is committed is taken for done.
    """

    atomic = True
    idempotent = True
    at_once = False

    def __init__(self, tables: Sequence[TableDescriptor], job: JobContext) -> None:
        parsed = [(table, parse(table, job)) for table in tables]
        self._options: FileOptions = parsed[0][1]
        assert self._options.url is not None
        self._url = self._options.url
        if any(c in self._url.key for c in "*?["):
            raise ProjectError(
                f"a sink's path is one prefix, not the pattern `{self._url}`",
                code="connector.path-refused",
            )
        self._given = tables[0].options
        self._job = job.job
        self._folder: Path | None = None
        self._count = count()
        self._store: ObjectStore | None = None
        self._decisions: StoreDecisions | None = None
        self._writers = {
            table.name: FilesystemWriter(table, options, self._new_path)
            for table, options in parsed
        }
        self._uploads: list[Upload] = []
        self._marks: set[str] = set()

    @property
    def name(self) -> str:
        """The prefix."""
        return f"objects in {self._url}"

    def _new_path(self, extension: str) -> Path:
        if self._folder is None:
            raise ConnectorError(f"{self.name} is not open", code="connector.not-open")
        return self._folder / f"{next(self._count)}.{extension}"

    def open(self) -> int | None:
        """Take over from older processes, finish their last commit; return its epoch."""
        self._folder = Path(tempfile.mkdtemp(prefix="tidemill-sink-"))
        self._store = open_store(self._url, self._given)
        self._decisions = StoreDecisions(self._store, folder_of(self._url), self._job)
        return self._decisions.take_over()

    def writer(self, table: str) -> FilesystemWriter:
        """The writer of one of the group's tables."""
        return self._writers[table]

    def prepare(self, epoch: int) -> list[DeadLetter]:
        """Send the epoch's files, still hidden."""
        decisions = self._opened()
        if self._is_done(epoch):
            self.abort()
            return []
        decisions.check_fence(epoch)
        staged = [file for writer in self._writers.values() for file in writer.finish()]
        keys = [self._final_key(decisions, epoch, n, file) for n, file in enumerate(staged)]
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="upload") as pool:
            begun = [pool.submit(self._send, k, f) for k, f in zip(keys, staged, strict=True)]
            self._uploads += [future.result() for future in begun]
        self._note_marks(staged, keys)
        for writer in self._writers.values():
            writer.discard()
        return []

    def _final_key(self, decisions: StoreDecisions, epoch: int, number: int, file: Staged) -> str:
        folder = f"{file.folder}/" if file.folder else ""
        name = f"part-{decisions.slug}-{epoch}-{number}.{file.extension}"
        return f"{decisions.prefix}{folder}{name}"

    def _note_marks(self, staged: Sequence[Staged], keys: Sequence[str]) -> None:
        values = self._options.values
        if values["sink.partition-commit.policy.kind"] == "success-file":
            name = values["sink.partition-commit.success-file.name"]
            folders = {k.rpartition("/")[0] for k, f in zip(keys, staged, strict=True) if f.folder}
            self._marks |= {f"{folder}/{name}" for folder in folders}

    def _send(self, key: str, file: Staged) -> Upload:
        assert self._store is not None and self._folder is not None
        upload = self._store.start_upload(key)
        parts: list[Part] = []
        with (self._folder / file.name).open("rb") as content:
            while (block := content.read(PART_BYTES)) or not parts:
                parts.append(self._store.put_part(key, upload, len(parts) + 1, block))
        return Upload(key, upload, tuple(parts))

    def _is_done(self, epoch: int) -> bool:
        committed = self._decisions.epoch if self._decisions else None
        return committed is not None and epoch <= committed

    def commit(self, epoch: int, positions: Mapping[str, Mapping[str, Position]]) -> None:
        """Decide, then make the objects visible."""
        decisions = self._opened()
        if self._is_done(epoch):
            return
        uploads, marks = self._uploads, sorted(self._marks)
        try:
            decisions.decide(epoch, uploads, marks)
        except StoreError as error:
            raise self._doubtful(epoch, error) from error
        self._uploads, self._marks = [], set()
        try:
            decisions.make_visible(uploads, marks)
        except StoreError as error:
            raise self._doubtful(epoch, error) from error

    def _doubtful(self, epoch: int, error: StoreError) -> DoubtfulCommitError:
        return DoubtfulCommitError(
            f"{self.name}: the commit of epoch {epoch} broke off",
            code="connector.doubtful-commit",
            detail=error.message,
        )

    def _opened(self) -> StoreDecisions:
        if self._decisions is None or self._store is None:
            raise ConnectorError(f"{self.name} is not open", code="connector.not-open")
        return self._decisions

    def abort(self) -> None:
        """Throw away what the open epoch has written and sent."""
        for writer in self._writers.values():
            writer.discard()
        uploads, self._uploads, self._marks = self._uploads, [], set()
        for upload in uploads:
            assert self._store is not None
            self._store.abort_upload(upload.key, upload.upload)

    def close(self) -> None:
        """Abort the open epoch."""
        with contextlib.suppress(Exception):
            self.abort()
            if self._decisions is not None:
                self._decisions.settle()
        if self._store is not None:
            self._store.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._store, self._decisions, self._folder = None, None, None
