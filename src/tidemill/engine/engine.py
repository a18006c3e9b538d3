"""The embedded engine from outside: run a plan, stop it, look at it.

`run` lives through failures: when a source or sink fails in a way that may pass, or a commit's
outcome is unknown, everything is closed, and a new session recovers from the last decided epoch
exactly as after a crash, with growing pauses in between. Other errors end the run and are raised.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tidemill.engine.clock import Clock, system_clock
from tidemill.engine.counters import total
from tidemill.engine.crew import Crew, Threads
from tidemill.engine.groups import GroupSpec
from tidemill.engine.job import Job
from tidemill.engine.kernel import Kernel
from tidemill.engine.memory import out_of_memory
from tidemill.engine.observe import observe
from tidemill.engine.progress import Progress
from tidemill.engine.routing import Collect
from tidemill.engine.session import Session, Until
from tidemill.engine.settings import EngineSettings
from tidemill.engine.traces import EpochTrace, EpochTraces
from tidemill.engine.worker import Aborted
from tidemill.errors import ConnectorError, DoubtfulCommitError, EngineError, TidemillError
from tidemill.interfaces.history import HistoryProof
from tidemill.interfaces.lookup import Lookup
from tidemill.interfaces.schema_change import SchemaChanges
from tidemill.interfaces.source import Source
from tidemill.plan.physical import PhysicalPlan
from tidemill.plan.windows import MIN_WATERMARK_US

_log = logging.getLogger("tidemill.engine")

__all__ = ["Engine", "Until"]


class Engine:
    """Runs one plan on this machine.

    Args:
        plan: what to run.
        job: name of the pipeline, stable across restarts.
        sources: a factory for each table that the plan reads, by table name.
        groups: the commit groups that take the plan's sinks (and dead letters, and late rows).
        checkpoint_dir: folder of the job's state; only one engine may use it at a time.
        dead_letter_table: the table, in one of the groups, that takes dead letters; None: they
            are only counted.
        late_tables: for each source table with 'late-handling.mode' = 'table', its late sink.
        settings: tuning.
        clock: the time of day.
        collect: takes the rows of bare SELECTs, by their index in the script.
        durable: flush checkpoints to disk; False only where no crash of the machine must be
            survived (an interactive SELECT).
        lookups: a factory for the reader of each lookup join's table, by the id of its stage.
        kernel: shared by short runs of one plan, one after the other, which saves each the time
            to prepare its queries; None: one of its own for each session.
        traced: is told of each epoch that is committed everywhere, from a thread of the engine's
            own; must be quick.
        crew: who reads, writes and waits; None: threads.
    """

    def __init__(
        self,
        plan: PhysicalPlan,
        *,
        job: str,
        sources: Mapping[str, Callable[[], Source]],
        groups: Sequence[GroupSpec],
        checkpoint_dir: Path,
        dead_letter_table: str | None = None,
        late_tables: Mapping[str, str] | None = None,
        settings: EngineSettings | None = None,
        clock: Clock | None = None,
        collect: Collect | None = None,
        durable: bool = True,
        kernel: Kernel | None = None,
        lookups: Mapping[str, Callable[[], Lookup]] | None = None,
        traced: Callable[[EpochTrace], None] | None = None,
        crew: Crew | None = None,
    ) -> None:
        names = [spec.name for spec in groups]
        if len(set(names)) != len(names):
            raise EngineError(
                f"two commit groups have the same name: {', '.join(sorted(names))}",
                code="engine.internal",
            )
        self._clock = clock or system_clock()
        self._job = Job(
            plan=plan,
            name=job,
            sources=sources,
            groups=groups,
            dead_letter_table=dead_letter_table,
            late_tables=late_tables or {},
            checkpoint_dir=checkpoint_dir,
            settings=settings or EngineSettings(),
            clock=self._clock,
            collect=collect,
            durable=durable,
            kernel=kernel,
            lookups=lookups or {},
            traces=EpochTraces(traced),
            crew=crew or Threads(),
        )
        self._session: Session | None = None
        self._state = "new"
        self._restarts = 0
        self._last_error: str | None = None
        self._rate = _Rate()
        self._pause = threading.Event()

    @property
    def job(self) -> Job:
        """What stays the same across sessions."""
        return self._job

    @property
    def session(self) -> Session | None:
        """The life that runs, or ran last."""
        return self._session

    @property
    def epoch(self) -> int:
        """The last epoch that is committed everywhere."""
        return self._session.epoch if self._session is not None else 0

    def run(self, until: Until = "forever") -> None:
        """Run on the calling thread until stopped, or `finished`, or `caught-up`.

        `forever` and `finished` both end when all sources are bounded and have ended.

        Raises:
            TidemillError: what ended the run.
        """
        store = self._job.crew.store(self._job.checkpoint_dir, self._job.durable)
        store.lock()
        try:
            failures = 0
            while True:
                session = Session(self._job, store)
                if self._session is not None:
                    session.committed_counts = self._session.committed_counts
                self._session, self._state = session, "running"
                error = self._live(session, until)
                session.lost = error is not None
                self._job.epochs.abandon()
                self._job.traces.lost()
                if error is None:
                    self._state = "stopped" if self._job.stopping.is_set() else "finished"
                    return
                failures = 1 if session.committed_any else failures + 1
                self._again(error, failures)
                if self._job.stopping.is_set():
                    self._state = "stopped"
                    return
        except BaseException:
            self._state = "failed"
            raise
        finally:
            store.unlock()

    def _live(self, session: Session, until: Until) -> BaseException | None:
        """One session; returns what ended it early."""
        try:
            session.run(until)
        except Aborted:
            return session.failure.error or EngineError(
                "a session ended without a reason", code="engine.internal"
            )
        except BaseException as error:
            return error
        finally:
            session.close()
        return None

    def _again(self, error: BaseException, failures: int) -> None:
        """Wait before the next session, or raise where trying again cannot help."""
        passing = isinstance(error, DoubtfulCommitError) or (
            isinstance(error, ConnectorError) and error.retryable
        )
        if not passing:
            if (of_memory := out_of_memory(error)) is not None:
                raise of_memory from error
            raise error
        assert isinstance(error, TidemillError)
        settings = self._job.settings
        if settings.retries_max is not None and failures > settings.retries_max:
            raise EngineError(
                f"gave up after {failures} failures in a row: {error.message}",
                code="engine.retries-exhausted",
                where=error.where,
                detail=error.detail,
                hint=error.hint,
            ) from error
        self._restarts += 1
        self._last_error = error.render()
        self._state = "recovering"
        pause_ms = min(settings.retry_first_ms * 2 ** (failures - 1), settings.retry_longest_ms)
        _log.warning(
            "%s; recovering in %d ms", error.message, pause_ms,
            extra={"where": error.where, "code": error.code},
        )  # fmt: skip
        self._job.crew.wait(self._pause, pause_ms / 1000)

    def stop(self) -> None:
        """Finish the current batch, commit, and end `run`; from any thread or a signal handler."""
        self._job.stopping.set()
        self._pause.set()

    def progress(self) -> Progress:
        """How it is going; from any thread."""
        session = self._session
        counts = session.counts() if session is not None else {}
        rows_in = total(counts, "source.", ".rows")
        rows_out = total(counts, "sink.", ".out")
        marks: dict[str, int | None] = {}
        holders: dict[str, Mapping[str, int]] = {}
        state_bytes: dict[str, int] = {}
        graph = getattr(session, "graph", None)
        if graph is not None:
            for intake in list(graph.intakes.values()):
                if intake.stage.event_time is not None:
                    current = intake.watermarks.current_us
                    marks[intake.stage.table.name] = current if current > MIN_WATERMARK_US else None
                    holders[intake.stage.table.name] = dict(intake.watermarks.holders())
            state_bytes = graph.state_bytes()
        lags = {t: dict(parts) for t, parts in list(session.lags.items())} if session else {}
        known = [n for parts in lags.values() for n in parts.values()]
        self._rate.see(self._clock.monotonic_ms(), rows_in, rows_out)
        letter = getattr(getattr(session, "router", None), "last_letter", None)
        return Progress(
            state=self._state,
            epoch=session.epoch if session else 0,
            records=total(counts, "source.", ".records"),
            rows_in=rows_in,
            rows_out=rows_out,
            skipped=total(counts, "source.", ".skipped"),
            filtered=total(counts, "", ".filtered"),
            late=total(counts, "source.", ".late"),
            dead_letters=total(counts, "", ".dead") + total(counts, "", ".lost"),
            retractions=total(counts, "sink.", ".retractions"),
            lag=sum(known) if known else None,
            lags=lags,
            in_hand=session.in_hand if session else {},
            histories=HistoryProof.of_all(session.positions) if session else {},
            schema_changes=SchemaChanges.of_all(session.positions) if session else {},
            watermarks_us=marks,
            holders_us=holders,
            state_bytes=sum(state_bytes.values()),
            operator_state_bytes=state_bytes,
            observed=None if graph is None else observe(graph),
            rows_in_per_s=self._rate.rows_in_per_s,
            rows_out_per_s=self._rate.rows_out_per_s,
            commit_ms=session.commit_ms if session else 0.0,
            checkpoint_bytes=session.checkpoint_bytes if session else 0,
            epochs=self._job.epochs.copy(),
            times=self._job.times.copy(),
            restarts=self._restarts,
            last_error=self._last_error,
            counters=counts,
            last_rejected=None if letter is None else f"{letter.code}: {letter.message}",
        )


class _Rate:
    """Rows per second since the last look that is at least a quarter of a second old."""

    def __init__(self) -> None:
        self._at_ms: float | None = None
        self._rows = (0, 0)
        self.rows_in_per_s = 0.0
        self.rows_out_per_s = 0.0

    def see(self, now_ms: float, rows_in: int, rows_out: int) -> None:
        if self._at_ms is None:
            self._at_ms, self._rows = now_ms, (rows_in, rows_out)
            return
        passed_s = (now_ms - self._at_ms) / 1000
        if passed_s < 0.25:
            return
        self.rows_in_per_s = max(0.0, (rows_in - self._rows[0]) / passed_s)
        self.rows_out_per_s = max(0.0, (rows_out - self._rows[1]) / passed_s)
        self._at_ms, self._rows = now_ms, (rows_in, rows_out)
