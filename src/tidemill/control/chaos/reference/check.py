"""What must hold of the built-in pipeline, asked of its topics, its table and its accounts.

After each action: rows of the output follow each other as those of the input do, windows that
came are those of a batch, the account adds up, positions have not gone back. At the end: all of it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from tidemill.connectors.kafka.tail import TopicTail
from tidemill.control.account import account_of, committed_account
from tidemill.control.chaos.committed import not_conserved, wait_through
from tidemill.control.chaos.engine_process import EngineProcess
from tidemill.control.chaos.model import Broken
from tidemill.control.chaos.positions import Positions
from tidemill.control.chaos.reference.batch import Batch
from tidemill.control.chaos.reference.feed import BEGIN, ReferenceFeed
from tidemill.control.chaos.reference.text import (
    PARTITIONS,
    WINDOW_MS,
    copy_topic,
    events_topic,
    letters_topic,
    windows_table,
)
from tidemill.control.chaos.servers import ChaosServers
from tidemill.project import load_project

_READ_WITHIN_S = 120.0
_QUIET_S = 60.0
_SHOWN = 5
_COLUMNS = "window_start, k, events, ids, amount, notes"


class ReferenceCheck:
    """Follows the topics of one trial; used from one thread."""

    def __init__(
        self, servers: ChaosServers, name: str, feed: ReferenceFeed, engine: EngineProcess
    ) -> None:
        self._servers, self._name, self._feed, self._engine = servers, name, feed, engine
        admin = servers.admin
        self._input = TopicTail(admin, events_topic(name), partitions=PARTITIONS, committed=False)
        self._output = TopicTail(admin, copy_topic(name), partitions=1, committed=True)
        self._letters = TopicTail(admin, letters_topic(name), partitions=1, committed=True)
        self._batch = Batch()
        self._positions = Positions(engine.store)
        self._next: Counter[int] = Counter()
        """By input partition, the position of which the output's next row should be."""
        self._shift: dict[int, int] = {}
        """By partition, how many records stood in it before its topic was made again."""
        self._found: list[Broken] = []
        self._dead: set[tuple[int, int]] = set()
        self._new: list[dict[str, Any]] = []
        self._letters_new: list[dict[str, Any]] = []
        self._windows_from = BEGIN - timedelta(days=1)
        self._windows = 0

    @property
    def facts(self) -> dict[str, int]:
        """What was seen so far."""
        return {
            "rows_out": self._batch.one("SELECT count(*) FROM copy"),
            "windows": self._windows,
            "dead_letters": len(self._dead),
            "empty": len(self._batch.nothing),
        }

    def now(self) -> list[Broken]:
        """What does not hold at this moment."""
        windows = self._new_windows()
        self._read_outputs()
        self.read_input()  # last: what came out has come in before
        found, self._found = self._found, []
        return [
            *found,
            *self._sequence(),
            *self._letters_once(),
            *self._compared(windows),
            *self._positions.gone_back(),
            *not_conserved(committed_account(load_project(self._engine.folder), self._name)),
        ]

    def end(self) -> list[Broken]:
        """Wait until the pipeline is through; what does not hold then."""
        self.read_input()
        missing = wait_through(self._positions, self._places(), self._engine, self._servers)
        total = self._batch.one("SELECT count(*) FROM input")
        broken = self._last_look(total)
        if missing and not any(b.invariant == "no-loss" for b in broken):
            broken.append(Broken("no-loss", missing))
        for what, query in (
            ("rows of the output differ from the input's", "FROM copy EXCEPT ALL FROM input"),
            ("rows of the input are not in the output", "FROM input EXCEPT ALL FROM copy"),
        ):
            found = self._batch.rows(f"{query} ORDER BY part, pos LIMIT {_SHOWN}")
            if found:
                kind = "no-loss" if query.startswith("FROM input") else "no-duplicate"
                broken.append(Broken(kind, f"{what}: {found}"))
        return [*broken, *self._all_windows(), *self._counts(total)]

    def read_input(self) -> None:
        """Read the input up to what stands now."""
        messages = self._input.until(self._feed.ends, _READ_WITHIN_S)
        self._batch.add_input(messages, self._shift)

    def wait_through(self) -> str | None:
        """Wait until the pipeline has committed all of a resting feed, and look at what came out.

        What does not hold is told with the next look; returns what is missing, in a sentence.
        """
        self.read_input()
        missing = wait_through(self._positions, self._places(), self._engine, self._servers)
        self._found += self._last_look(self._batch.one("SELECT count(*) FROM input"))
        return missing

    def renewed(self) -> None:
        """The input's topic was made again, after all that it held had come out."""
        for partition, end in self._feed.ends.items():
            self._shift[partition] = self._shift.get(partition, 0) + end
        self._positions.last.clear()
        self._input.close()
        count = self._feed.partitions
        self._input = TopicTail(
            self._servers.admin, events_topic(self._name), partitions=count, committed=False
        )

    def grown(self, partitions: int) -> None:
        """The input's topic has so many partitions by now."""
        for partition in range(partitions):
            self._input.at.setdefault(partition, 0)
        self._input.close()

    def _places(self) -> dict[tuple[str, str], int]:
        return {("events", str(part)): end for part, end in self._feed.ends.items()}

    def _read_outputs(self) -> None:
        """Read what was committed since."""
        self._letters_new = [json.loads(message.value()) for message in self._letters.come()]
        self._new = []
        for message in self._output.come():
            row = json.loads(message.value())
            pos = row["pos"] + self._shift.get(row["part"], 0)
            self._new.append({**row, "pos": pos, "ts": datetime.fromisoformat(row["ts"])})
        self._batch.add_copy(self._new)

    def close(self) -> None:
        """Give everything back."""
        for tail in (self._input, self._output, self._letters):
            tail.close()
        self._batch.close()

    # -- each

    def _sequence(self) -> list[Broken]:
        """Each row of the output is of the next record of its partition that could be read."""
        broken: list[Broken] = []
        for row in self._new:
            part, pos = row["part"], row["pos"]
            wanted = self._after_poison(part, self._next[part])
            if pos != wanted and len(broken) < _SHOWN:
                place = f"{events_topic(self._name)}:{part}:{pos}"
                if pos < wanted:
                    broken.append(Broken("no-duplicate", f"{place} came again, or out of order"))
                else:
                    broken.append(Broken("no-loss", f"{place} came, {wanted} was due"))
            self._next[part] = max(self._next[part], pos + 1)
        self._new = []
        return broken

    def _after_poison(self, part: int, pos: int) -> int:
        while (part, pos) in self._batch.poison or (part, pos) in self._batch.nothing:
            pos += 1
        return pos

    def _letters_once(self) -> list[Broken]:
        broken = []
        for letter in self._letters_new:
            part = int(letter["partition"])
            at = (part, int(letter["position"]) + self._shift.get(part, 0))
            if at in self._dead:
                broken.append(Broken("no-duplicate", f"two dead letters of {at}"))
            if at not in self._batch.poison:
                broken.append(Broken("no-loss", f"{at} became a dead letter: {letter['message']}"))
            self._dead.add(at)
        return broken

    def _new_windows(self) -> list[tuple[Any, ...]]:
        query = sql.SQL("SELECT {} FROM {} WHERE window_start >= %s ORDER BY 1, 2").format(
            sql.SQL(_COLUMNS), sql.Identifier(windows_table(self._name))
        )
        try:
            with self._servers.sql() as connection:
                found = connection.execute(query, (self._windows_from,)).fetchall()
        except psycopg.OperationalError:
            return []  # it is being restarted; the next look will see them
        self._windows += len(found)
        if found:
            self._windows_from = found[-1][0] + timedelta(milliseconds=WINDOW_MS)
        return found

    def _compared(self, windows: list[tuple[Any, ...]]) -> list[Broken]:
        """Windows that came, all of an epoch at once, are those of a batch."""
        if not windows:
            return []
        expected = self._batch.windows(windows[0][0], self._windows_from)
        found = {(row[0], row[1]): tuple(row[2:]) for row in windows}
        wrong = [
            f"{key[0]} {key[1]}: {found.get(key)}, by DuckDB {expected.get(key)}"
            for key in sorted({*expected, *found})
            if expected.get(key) != found.get(key)
        ]
        return [Broken("equal-to-batch", text) for text in wrong[:_SHOWN]]

    # -- at the end

    def _last_look(self, total: int) -> list[Broken]:
        """Look until everything was seen, or nothing new comes: servers may be slow to answer."""
        broken: list[Broken] = []
        seen, limit = -1, time.monotonic() + _QUIET_S
        while time.monotonic() < limit:
            broken += self.now()
            facts = self.facts
            if facts["rows_out"] >= total and facts["dead_letters"] >= len(self._batch.poison):
                break
            now = facts["rows_out"] + facts["dead_letters"]
            if now != seen:
                seen, limit = now, time.monotonic() + _QUIET_S
        return broken

    def _all_windows(self) -> list[Broken]:
        """No window came late into what was looked at before."""
        query = sql.SQL("SELECT {} FROM {} ORDER BY 1, 2").format(
            sql.SQL(_COLUMNS), sql.Identifier(windows_table(self._name))
        )
        with self._servers.sql() as connection:
            found = connection.execute(query).fetchall()
        self._windows = len(found)
        closed = self._batch.rows("SELECT max(ts) - INTERVAL 30 MINUTE FROM input")[0][0]
        self._windows_from = closed
        begin = BEGIN - timedelta(days=1)
        expected = self._batch.windows(begin, closed)
        wrong = len({*expected.items()} ^ {((r[0], r[1]), tuple(r[2:])) for r in found})
        said = f"{wrong} windows differ: {len(found)} came, {len(expected)} by DuckDB"
        return [Broken("equal-to-batch", said)] if wrong else []

    def _counts(self, total: int) -> list[Broken]:
        """The account and the dead letters against the log itself."""
        broken = []
        poison = self._batch.poison
        if self._dead != poison:
            missing = sorted(poison - self._dead)[:_SHOWN]
            broken.append(Broken("no-loss", f"bad records without a dead letter: {missing}"))
        account = account_of(load_project(self._engine.folder), self._name)
        for line in account.lines:
            came = total + len(poison) + len(self._batch.nothing)
            wanted = {"source": came, "sink": total}
            if line.title in ("events", "copy") and line.came != wanted[line.kind]:
                said = f"{line.title}: {line.came} counted, {wanted[line.kind]} in the log"
                broken.append(Broken("conservation", said))
        return broken
