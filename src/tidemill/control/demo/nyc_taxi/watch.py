"""Waits until every inserted row has come through, and keeps an eye on what brings the rows.

Guarantees: an error of the loader or the pipeline ends the wait at once; a connector whose task
failed is restarted a few times (Debezium goes on where it stopped), then its error is raised; rows
that stop arriving for a minute are an error, not an endless wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from tidemill.control.connectors import Connect, restart, status
from tidemill.control.demo.model import ProgressEvent, Reporter, StepEvent
from tidemill.control.demo.nyc_taxi.load import Loader
from tidemill.control.demo.postgres import Asker
from tidemill.engine import Progress
from tidemill.errors import ComponentError, TidemillError, Where

CONNECTOR = "nyc-taxi-cdc"
TICK_S = 0.1
REPORT_S = 0.5
CONNECTOR_CHECK_S = 3.0
RESTARTS_MAX = 5
STUCK_S = 90.0


class RunningPipeline(Protocol):
    """The pipeline as the watch sees it."""

    @property
    def error(self) -> TidemillError | None:
        """Why it ended, if it did by itself."""
        ...

    def progress(self) -> Progress | None:
        """Where it stands; None before it has begun."""
        ...


class Watch:
    """One wait, from the first row to the last.

    `first_window_s` is set when the first new window stands in Postgres; `rows_per_s` is the best
    rate seen.
    """

    def __init__(
        self,
        folder: Path,
        postgres: Asker,
        loader: Loader | None,
        pipeline: RunningPipeline,
        reporter: Reporter,
        begun_at: float,
    ) -> None:
        self._connect = Connect(folder)
        self._postgres = postgres
        self._loader = loader
        self._pipeline = pipeline
        self._reporter = reporter
        self._begun_at = begun_at
        self._restarts = 0
        self._count, self._count_due_at, self._counted_all = 0, 0.0, False
        self._checked_at = time.monotonic()
        self._newest_before = self._newest_window()
        self.first_window_s: float | None = None
        self.rows_per_s = 0.0

    def until_all_through(self) -> None:
        """Return when the loader is done and the pipeline has read every row of the table."""
        reported_at, moved_at, rows_seen = 0.0, time.monotonic(), -1
        while True:
            self._raise_errors()
            load_done = self._load_done()
            inserted = self._inserted(fresh=load_done)
            now = self._pipeline.progress()
            if now is not None:
                if now.rows_in != rows_seen:
                    rows_seen, moved_at = now.rows_in, time.monotonic()
                self.rows_per_s = max(self.rows_per_s, now.rows_in_per_s)
                self.look_for_window()
                done = load_done and now.rows_in + now.dead_letters >= inserted
                if done or time.monotonic() - reported_at >= REPORT_S:
                    reported_at = time.monotonic()
                    self._reporter(self._event(now, inserted))
                if done:
                    return
            if time.monotonic() - moved_at > STUCK_S:
                raise self._stuck(inserted, rows_seen)
            self._check_connector()
            time.sleep(TICK_S)

    def _raise_errors(self) -> None:
        if self._pipeline.error is not None:
            raise self._pipeline.error
        if self._loader is not None and self._loader.error is not None:
            raise self._loader.error

    def _load_done(self) -> bool:
        return self._loader is None or (self._loader.complete and self._loader.finished)

    def _event(self, now: Progress, inserted: int) -> ProgressEvent:
        to_come = 0 if self._loader is None else self._loader.rows_to_come
        return ProgressEvent(
            inserted=inserted,
            inserted_target=inserted + to_come,
            rows_in=now.rows_in,
            rows_out=now.rows_out,
            filtered=_set_aside(now),
            late=now.late,
            rejected=now.dead_letters,
            lag=max(0, inserted - now.rows_in),
            watermark=_event_time(now),
            rows_per_s=now.rows_in_per_s,
            seconds=time.monotonic() - self._begun_at,
        )

    def _inserted(self, *, fresh: bool) -> int:
        """The rows in the table; counting a large table is kept to a tenth of the time."""
        begun_at = time.monotonic()
        if begun_at >= self._count_due_at or (fresh and not self._counted_all):
            self._counted_all = fresh
            self._count = int(self._postgres.one(b"SELECT count(*) FROM public.nyc_taxi") or 0)
            ended_at = time.monotonic()
            self._count_due_at = ended_at + 10 * (ended_at - begun_at)
        return self._count

    def _newest_window(self) -> datetime | None:
        newest: datetime | None = self._postgres.one(
            b"SELECT max(window_start) FROM public.zone_window"
        )
        return newest

    def look_for_window(self) -> None:
        """Note the time when a window stands that did not before."""
        if self.first_window_s is None and self._newest_window() != self._newest_before:
            self.first_window_s = time.monotonic() - self._begun_at
            self._reporter(StepEvent("first window", "stands in Postgres", self.first_window_s))

    def _check_connector(self) -> None:
        if time.monotonic() - self._checked_at < CONNECTOR_CHECK_S:
            return
        self._checked_at = time.monotonic()
        try:
            failure = status(self._connect, CONNECTOR).failure
        except TidemillError:
            # Connect itself is being restarted by the supervisor.
            return
        if failure is None:
            return
        self._restarts += 1
        if self._restarts > RESTARTS_MAX:
            raise ComponentError(
                f"the connector {CONNECTOR} failed {self._restarts} times",
                code="demo.connector-failed",
                where=Where(server="connect"),
                detail=failure.strip().splitlines()[0],
                hint="Look at it: tidemill logs connect",
            )
        self._reporter(StepEvent("connector", "its task failed and is being restarted"))
        _quietly(lambda: restart(self._connect, CONNECTOR))

    def _stuck(self, inserted: int, rows_in: int) -> ComponentError:
        return ComponentError(
            f"no row has reached the pipeline for {STUCK_S:.0f} s "
            f"({max(rows_in, 0):,} of {inserted:,} have)",
            code="demo.stuck",
            where=Where(pipeline="nyc_taxi", topic="nyc_taxi.public.nyc_taxi"),
            hint="Look at the connector: tidemill logs connect. Nothing is lost: the next run of "
            "the demo goes on.",
        )


def _set_aside(progress: Progress) -> int:
    """Rows that the cleaning set aside; the engine counts them once for each branch of the plan."""
    counted = [n for key, n in progress.counters.items() if key.endswith(".filtered")]
    return max(counted, default=0)


def _event_time(progress: Progress) -> datetime | None:
    marks = [mark for mark in progress.watermarks_us.values() if mark is not None]
    if not marks:
        return None
    return datetime.fromtimestamp(min(marks) / 1e6, UTC).replace(tzinfo=None)


def _quietly(act: Callable[[], object]) -> None:
    """A restart that fails shows in the connector's state, at the next look."""
    try:
        act()
    except TidemillError:
        return
