"""What must hold with change data capture, asked after each action and at the end.

While rows are written: the copy beside the table at one place in the log, as `reconcile --live`
does it. Then the feed is held until all has come through: copy and sums are those of the table, the
topic has each change of each key that Postgres has counted, the pipeline has taken each once, its
account adds up, its positions have not gone back, and nothing became a dead letter.
"""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from tidemill.control.account import PipelineAccount, committed_account
from tidemill.control.chaos.change_capture.capture import Capture
from tidemill.control.chaos.change_capture.compared import Compared
from tidemill.control.chaos.change_capture.table import tally_of
from tidemill.control.chaos.committed import facts_of, not_conserved
from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.model import Broken
from tidemill.control.chaos.positions import Positions
from tidemill.control.chaos.servers import ChaosServers
from tidemill.control.reconcile.prove import reconcile
from tidemill.errors import TidemillError
from tidemill.project import load_project

_POLL_S = 0.2


class CaptureCheck:
    """Asks the servers of one trial; used from one thread.

    `within_s`: how long it may take until all that was written has come through.
    """

    def __init__(
        self,
        servers: ChaosServers,
        folder: Path,
        name: str,
        capture: Capture,
        engine: EngineProcess,
        within_s: float,
    ) -> None:
        self._servers, self._folder, self._name = servers, folder, name
        self._capture, self._engine, self._within_s = capture, engine, within_s
        self._tally = capture.tally
        self._compared = Compared(servers, load_project(folder), name)
        self._positions = Positions(engine.store)
        self._began_anew = -1
        self._ahead = 0
        """Events that the pipeline had taken beyond those of the topic when the count began."""

    @property
    def facts(self) -> dict[str, int]:
        """What the account says."""
        return facts_of(self._account())

    def now(self) -> list[Broken]:
        """What does not hold at this moment; rows that differ say enough."""
        if broken := self._live():
            return broken
        with self._capture.feed.held():
            return self._quiet()

    def end(self) -> list[Broken]:
        """What does not hold at the end; waits until the pipeline is through."""
        return self._quiet()

    def read_input(self) -> None:
        """Count what stands in the topic, as it is about to be emptied."""
        self._tally.read()

    def close(self) -> None:
        """Nothing is held."""

    # -- each

    def _live(self) -> list[Broken]:
        """The copy at one place in the log, while rows are written."""
        try:
            found = reconcile(
                self._name, self._folder, sinks=["copied"], against="original", live=True,
                wait_s=self._within_s,
            )  # fmt: skip
        except (TidemillError, psycopg.Error) as error:
            return [Broken("reconciled", f"reconcile --live could not be made: {error}")]
        (copied,) = found.sinks
        differ = copied.differences
        if copied.agrees:
            return []
        shown = [*differ.missing_rows[:1], *differ.unexpected_rows[:1], *differ.different_rows[:1]]
        return [Broken("reconciled", f"at {copied.lsn}, while rows are written: {shown}")]

    def _quiet(self) -> list[Broken]:
        """Nobody writes: wait until all is equal, or say what is not."""
        limit = time.monotonic() + self._within_s
        while True:
            self._engine.tend()
            self._servers.tend()
            self._capture.tend()
            try:
                broken = [Broken("equal-to-source", text) for text in self._compared.differences()]
                broken = broken or self._counted()
            except (TidemillError, psycopg.Error) as error:
                broken = [Broken("progress", f"it could not be asked: {error}")]
            if not broken or time.monotonic() > limit:
                break
            time.sleep(_POLL_S)
        return [*broken, *self._positions.gone_back(), *not_conserved(self._account())]

    def _counted(self) -> list[Broken]:
        """The changes by key in the topic, and how many of them the pipeline has taken."""
        with self._servers.sql() as connection:
            wanted = tally_of(connection, self._name)
        self._tally.read()
        account = self._account()
        taken = _taken(account)
        if self._began_anew != self._capture.began_anew:
            self._began_anew = self._capture.began_anew
            self._tally.begin_at(wanted)
            self._ahead = taken - self._tally.events
        broken = [Broken("no-loss", text) for text in self._tally.differences(wanted)]
        more = taken - self._tally.events - self._ahead
        if more:
            kind = "no-duplicate" if more > 0 else "no-loss"
            broken.append(Broken(kind, f"the pipeline has taken {more:+} changes of the topic"))
        if dead := self.facts["dead_letters"]:
            broken.append(Broken("no-loss", f"{dead} changes became dead letters"))
        return broken

    def _account(self) -> PipelineAccount | None:
        return committed_account(load_project(self._folder), self._name)


def _taken(account: PipelineAccount | None) -> int:
    """The events that were not left out as repeated."""
    lines = account.lines if account is not None else ()
    return sum(
        line.came - line.went["skipped"] - line.went["dead"]
        for line in lines
        if line.kind == "source"
    )
