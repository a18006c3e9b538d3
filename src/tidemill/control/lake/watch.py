"""Use case `lake watch`: what arrives in a bucket becomes S3 event records in a Kafka topic.

The bucket is listed again and again, and each list is compared with what was told before. That is
kept in a compacted topic beside the events, and written in the same transaction with them.

Guarantees: one event for each version of an object that a list shows (etag, size and time of
change), once, whatever is killed when; none is missed while the watcher is down; events of one key
stand in order, for they have one message key. An object that is gone gives one `ObjectRemoved`.
Two watchers of one prefix and topic: the later one shuts out the earlier.
Non-guarantees: a version that is overwritten or deleted before the next list was never there for
it. The state topic must be kept as it is: without it everything is told once more.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tidemill.connectors.kafka.journal import Journal
from tidemill.connectors.kafka.records import NewRecord
from tidemill.control.lake.events import SeenVersion, created, removed, version_of
from tidemill.control.object_stores import open_project_store, store_options
from tidemill.control.project_context import kafka_properties, open_project, resolver
from tidemill.errors import ConnectorError, UsageError
from tidemill.records import dataclass
from tidemill.stores import ObjectStore, StoreUrl

STATE_SUFFIX = ".watched"
EVENTS_MAX = 1000
"""How many events go into one transaction."""

_OWN = (".tidemill/", ".tidemill-probe/")
_PAUSE_S_MAX = 30.0
_log = logging.getLogger("tidemill.control.lake.watch")


@dataclass(slots=True)
class WatchProgress:
    """Counts since the watcher was started."""

    lists: int = 0
    objects: int = 0
    created: int = 0
    removed: int = 0
    restarts: int = 0
    last_error: str | None = None


def watch(
    url: str,
    topic: str,
    folder: Path | None = None,
    *,
    bootstrap: str | None = None,
    interval_s: float = 1.0,
    once: bool = False,
    stopping: threading.Event | None = None,
    report: Callable[[WatchProgress], None] | None = None,
) -> WatchProgress:
    """Watch a bucket or a prefix until `stopping` is set.

    Args:
        url: `s3://bucket/prefix`.
        topic: where the events go; made where it is missing. Its state is in `<topic>.watched`.
        folder: the project's.
        bootstrap: another Kafka than the project's.
        interval_s: how long to wait between two lists.
        once: end after one list.
        stopping: set by the caller, from any thread.
        report: told after each list.
    """
    store, parsed = open_project_store(url, folder)
    if parsed.scheme != "s3":
        raise UsageError(f"`{url}` is no bucket", code="cli.usage", hint="Give `s3://bucket/...`.")
    project = open_project(folder, needed=False)
    region = store_options(resolver(project), parsed).get("s3.region", "us-east-1")
    properties = kafka_properties(project, bootstrap)
    digest = hashlib.blake2b(str(parsed).encode(), digest_size=6).hexdigest()
    name = f"tidemill-watch-{topic}-{parsed.bucket}-{digest}"
    journal = Journal(properties, name, topic, f"{topic}{STATE_SUFFIX}")
    watcher = _Watcher(store, parsed, journal, region)
    stop = stopping or threading.Event()
    try:
        _loop(watcher, interval_s, once, stop, report or (lambda _: None))
    finally:
        journal.close()
        store.close()
    return watcher.progress


def _loop(
    watcher: _Watcher,
    interval_s: float,
    once: bool,
    stop: threading.Event,
    report: Callable[[WatchProgress], None],
) -> None:
    pause_s = 0.5
    while not stop.is_set():
        try:
            watcher.turn(stop)
        except ConnectorError as error:
            if not error.retryable or once:
                raise
            _log.warning("the watcher starts over: %s", error.message)
            watcher.forget()
            watcher.progress.restarts += 1
            watcher.progress.last_error = error.message
            report(watcher.progress)
            stop.wait(pause_s)
            pause_s = min(_PAUSE_S_MAX, pause_s * 2)
            continue
        pause_s = 0.5
        report(watcher.progress)
        if once:
            return
        stop.wait(interval_s)


class _Watcher:
    """Compares lists with what was told, and tells the difference."""

    def __init__(self, store: ObjectStore, url: StoreUrl, journal: Journal, region: str) -> None:
        self._store, self._url, self._journal, self._region = store, url, journal, region
        self._known: dict[str, SeenVersion] | None = None
        self._sequence = 0
        self.progress = WatchProgress()

    def forget(self) -> None:
        """Nobody knows what was committed: the next turn asks the journal."""
        self._known = None

    def turn(self, stop: threading.Event) -> None:
        """One list, told in transactions of up to `EVENTS_MAX` events."""
        known = self._known if self._known is not None else self._restore()
        there: set[str] = set()
        news: list[tuple[str, SeenVersion | None]] = []
        for key, version in self._differences(known, there):
            news.append((key, version))
            if len(news) == EVENTS_MAX:
                self._tell(news, known)
                news = []
            if stop.is_set():
                return
        news += [(key, None) for key in known if key not in there]
        for first in range(0, len(news), EVENTS_MAX):
            self._tell(news[first : first + EVENTS_MAX], known)
        self.progress.lists += 1
        self.progress.objects = len(there)

    def _restore(self) -> dict[str, SeenVersion]:
        prefix = f"{self._url.bucket}/{self._url.key}"
        start = len(self._url.bucket) + 1
        state = self._journal.open()
        known = {
            key[start:]: SeenVersion.from_json(value)
            for key, value in state.items()
            if key.startswith(prefix)
        }
        self._sequence = max((int(v.sequencer, 16) for v in known.values()), default=0)
        self._known = known
        return known

    def _differences(
        self, known: dict[str, SeenVersion], there: set[str]
    ) -> Iterator[tuple[str, SeenVersion]]:
        """New versions, as the list goes on; `there` is filled with all keys."""
        for info in self._store.list(self._url.key):
            if any(info.key.startswith(own) or f"/{own}" in info.key for own in _OWN):
                continue
            there.add(info.key)
            before = known.get(info.key)
            if before is None or not before.is_of(info):
                yield info.key, version_of(info, self._next_sequencer())

    def _next_sequencer(self) -> str:
        self._sequence = max(self._sequence + 1, time.time_ns() // 1000)
        return f"{self._sequence:016X}"

    def _tell(
        self, news: list[tuple[str, SeenVersion | None]], known: dict[str, SeenVersion]
    ) -> None:
        """Events and state in one transaction, then in memory."""
        bucket, now = self._url.bucket, datetime.datetime.now(datetime.UTC)
        records, changes = [], dict[str, bytes | None]()
        for key, version in news:
            if version is None:
                event = removed(bucket, key, now, self._next_sequencer(), self._region)
            else:
                event = created(bucket, key, version, self._region)
            name = f"{bucket}/{key}"
            records.append(NewRecord(event, name.encode("utf-8", "surrogateescape")))
            changes[name] = version.to_json() if version else None
        self._journal.commit(records, changes)
        for key, version in news:
            if version is None:
                del known[key]
                self.progress.removed += 1
            else:
                known[key] = version
                self.progress.created += 1
