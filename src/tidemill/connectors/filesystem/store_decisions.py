"""The decisions of a sink in an object store: a log of objects that are written only once.

`<prefix>.tidemill/<job>/<number>.json` holds one decision. Two kinds are there: a *claim*, written
when a process begins to write here, and a *commit*, which names the epoch and the uploads that make
it visible. A decision is written under the next number, only where that is free (`if_absent`): of
two processes one wins. The process that loses is fenced, for a claim that came between stays there
for good: nobody can ever take its number. Older commits are removed once a newer one stands.

What is decided is made visible by completing multipart uploads, which a later process can do too.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, field

from tidemill.errors import ConnectorError, StoreError, Where
from tidemill.records import dataclass
from tidemill.stores import ObjectStore, Part


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that is whole and waits to be completed."""

    key: str
    upload: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One object of the log."""

    kind: str
    """`claim` or `commit`."""
    process: str
    epoch: int | None
    uploads: tuple[Upload, ...] = ()
    marks: tuple[str, ...] = field(default=())
    """Keys of empty objects that mark a partition as committed."""


class StoreDecisions:
    """The log of one job under one prefix (which ends with a slash, or is empty)."""

    def __init__(self, store: ObjectStore, prefix: str, job: str) -> None:
        digest = hashlib.blake2b(job.encode(), digest_size=4).hexdigest()
        self.slug = f"{re.sub(r'[^A-Za-z0-9_]+', '_', job)[:40]}_{digest}"
        self.prefix = prefix
        self.process = secrets.token_hex(8)
        self.epoch: int | None = None
        self._store = store
        self._folder = f"{prefix}.tidemill/{self.slug}/"
        self._number = 0
        self._old: list[str] = []
        self._unsettled = False

    def take_over(self) -> int | None:
        """Shut out older processes, make the last commit visible; return its epoch."""
        while True:
            keys = [info.key for info in self._store.list(self._folder)]
            last = self._load(keys[-1]) if keys else None
            self._number = int(keys[-1][len(self._folder) : -len(".json")]) if keys else 0
            epoch = last.epoch if last else None
            # A claim carries on what it found, so the newest decision alone says all.
            uploads, marks = (last.uploads, last.marks) if last else ((), ())
            if self._write(Decision("claim", self.process, epoch, uploads, marks)):
                break
        self.epoch = epoch
        self._complete(uploads, marks)
        self._unsettled = bool(uploads)
        self.settle()
        for key in keys:
            if self._load(key).kind == "commit":
                self._store.delete(key)
        self._abort_strays()
        return epoch

    def settle(self) -> None:
        """Note that all that was decided is visible, so that nobody looks for it again."""
        if self._unsettled and self._write(Decision("commit", self.process, self.epoch)):
            self._unsettled = False
            self._forget_older()

    def _abort_strays(self) -> None:
        """Throw away what older processes sent and never committed."""
        own = f"/part-{self.slug}-"
        for key, upload in self._store.uploads(self.prefix):
            if own in f"/{key[len(self.prefix) :]}":
                self._store.abort_upload(key, upload)

    def check_fence(self, epoch: int) -> None:
        """Raise where a newer process took over."""
        newest = max((info.key for info in self._store.list(self._folder)), default="")
        if newest > self._key(self._number):
            raise self._fenced(epoch)

    def decide(self, epoch: int, uploads: Sequence[Upload], marks: Sequence[str]) -> None:
        """Commit: from here on the uploads will be completed, whatever happens."""
        decision = Decision("commit", self.process, epoch, tuple(uploads), tuple(marks))
        if not self._write(decision):
            raise self._fenced(epoch)
        self.epoch = epoch

    def make_visible(self, uploads: Sequence[Upload], marks: Sequence[str]) -> None:
        """Complete what was decided, and remove the commit before it."""
        self._complete(uploads, marks)
        self._unsettled = bool(uploads)
        self._forget_older()

    def _forget_older(self) -> None:
        for key in self._old:
            self._store.delete(key)
        self._old = [self._key(self._number)]

    def _complete(self, uploads: Sequence[Upload], marks: Sequence[str]) -> None:
        for upload in uploads:
            try:
                self._store.complete_upload(upload.key, upload.upload, upload.parts)
            except StoreError as error:
                if error.code not in ("store.no-upload", "store.missing"):
                    raise
                self._check_visible(upload, error)
        for key in marks:
            self._store.put(key, b"")

    def _check_visible(self, upload: Upload, error: StoreError) -> None:
        """An upload that is not there any more was completed before, or else data is lost."""
        try:
            self._store.head(upload.key)
        except StoreError:
            raise ConnectorError(
                f"the upload of `{upload.key}` was thrown away before it could be completed",
                code="connector.store-error",
                where=Where(file=f"{self._store.url}/{upload.key}"),
                detail="It belongs to an epoch that is decided, so its rows are missing there.",
                hint="Does the bucket have a rule that aborts open multipart uploads early? "
                "Give it more time, remove the sink's objects and start the pipeline anew.",
            ) from error

    def _key(self, number: int) -> str:
        return f"{self._folder}{number:020}.json"

    def _load(self, key: str) -> Decision:
        try:
            found = json.loads(self._store.get(key))
            uploads = tuple(
                Upload(u["key"], u["upload"], tuple(Part(**part) for part in u["parts"]))
                for u in found["uploads"]
            )
            return Decision(
                found["kind"], found["process"], found["epoch"], uploads, tuple(found["marks"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ConnectorError(
                f"`{self._store.url}/{key}` is damaged: {error}",
                code="connector.bad-file",
                where=Where(file=f"{self._store.url}/{key}"),
                hint="It says which epoch is committed here. Restore it, or remove its folder to "
                "begin anew; then rows may be written twice.",
            ) from error

    def _write(self, decision: Decision) -> bool:
        """Write under the next number; False where it is another's."""
        key = self._key(self._number + 1)
        content = json.dumps(asdict(decision)).encode()
        try:
            self._store.put(key, content, if_absent=True)
        except StoreError as error:
            # The answer to our own write may have been lost and the request sent again.
            if error.code != "store.condition-failed" or not self._is_ours(key, content):
                if error.code == "store.condition-failed":
                    return False
                raise
        self._number += 1
        return True

    def _is_ours(self, key: str, content: bytes) -> bool:
        try:
            return self._store.get(key) == content
        except StoreError as error:
            if error.code == "store.missing":
                return False
            raise

    def _fenced(self, epoch: int) -> ConnectorError:
        return ConnectorError(
            f"a newer process of this job writes to `{self._store.url}/{self.prefix}`",
            code="connector.fenced",
            where=Where(file=f"{self._store.url}/{self.prefix}"),
            detail=f"Nothing of epoch {epoch} was made visible.",
            hint="Let one of the two processes run and stop the other.",
        )
