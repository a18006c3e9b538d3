"""What every commit group must do: inherit from `SinkContract`, say what it asks for."""

from __future__ import annotations

import threading
import time
from typing import Any

from tidemill.errors import ComponentError
from tidemill.interfaces.sink import CommitGroup
from tidemill.model import Batch

WAIT_SECONDS_MAX = 20.0


class SinkContract:
    """The laws of a commit group with one table; subclasses make one over a store of theirs."""

    table = "t"

    def group(self) -> CommitGroup:
        """A fresh group of the same job, not yet open."""
        raise NotImplementedError

    def batch(self, first: int, count: int) -> Batch:
        """Rows numbered from `first`, all different."""
        raise NotImplementedError

    def visible(self) -> list[Any]:
        """The numbers of the rows that a reader of committed data sees, in order."""
        raise NotImplementedError

    def shows(self, numbers: list[Any]) -> None:
        """A reader sees exactly these rows, at the latest a moment after the commit.

        Some stores show a commit a little later than they acknowledge it, as Kafka does.
        """
        limit = time.monotonic() + WAIT_SECONDS_MAX
        while (seen := self.visible()) != numbers and time.monotonic() < limit:
            time.sleep(0.05)
        assert seen == numbers

    def write(self, group: CommitGroup, first: int, count: int, epoch: int) -> None:
        """Write and prepare one epoch."""
        assert group.writer(self.table).write(self.batch(first, count)) == []
        assert group.prepare(epoch) == []

    def test_rows_are_visible_after_the_commit_only(self) -> None:
        """Writing and preparing show nothing where the group is atomic; the commit shows all."""
        group = self.group()
        try:
            group.open()
            self.write(group, 0, 1500, epoch=1)
            if group.atomic:
                assert self.visible() == []
            group.commit(1, {})
            self.shows(list(range(1500)))
        finally:
            group.close()

    def test_what_is_written_at_once_is_seen_before_its_commit(self) -> None:
        """Where the group is written at once; rows of the next epoch may come before the commit."""
        group = self.group()
        try:
            group.open()
            if not group.at_once:
                return
            self.write(group, 0, 40, epoch=1)
            self.shows(list(range(40)))
            assert group.writer(self.table).write(self.batch(40, 10)) == []
            group.commit(1, {})
            assert group.prepare(2) == []
            group.commit(2, {})
            self.shows(list(range(50)))
        finally:
            group.close()

    def test_the_group_remembers_its_epoch(self) -> None:
        """A new group of the job says which epoch is committed; a first one says None."""
        group = self.group()
        try:
            assert group.open() is None
            self.write(group, 0, 10, epoch=3)
            group.commit(3, {})
            self.write(group, 10, 10, epoch=5)
            group.commit(5, {})
        finally:
            group.close()
        again = self.group()
        try:
            if group.atomic:
                assert again.open() == 5
        finally:
            again.close()

    def test_what_is_aborted_is_never_seen(self) -> None:
        """An aborted epoch leaves nothing, and the group goes on."""
        group = self.group()
        try:
            group.open()
            if not group.atomic:
                return
            self.write(group, 0, 700, epoch=1)
            group.abort()
            self.write(group, 700, 30, epoch=2)
            group.commit(2, {})
            self.shows(list(range(700, 730)))
        finally:
            group.close()

    def test_a_crash_before_the_commit_leaves_nothing(self) -> None:
        """A group that is closed with an open epoch has not written it."""
        group = self.group()
        group.open()
        if not group.atomic:
            group.close()
            return
        self.write(group, 0, 50, epoch=1)
        group.close()
        again = self.group()
        try:
            assert again.open() is None
            self.write(again, 0, 50, epoch=1)
            again.commit(1, {})
            self.shows(list(range(50)))
        finally:
            again.close()

    def test_a_zombie_is_fenced(self) -> None:
        """Once a newer group of the job is open, the older one can commit nothing."""
        old = self.group()
        old.open()
        if not old.atomic:
            old.close()
            return
        new = self.group()
        try:
            assert old.writer(self.table).write(self.batch(0, 20)) == []
            new.open()
            fenced = False
            try:
                old.prepare(1)
                old.commit(1, {})
            except ComponentError:
                fenced = True
            assert fenced, "an older process of the job could still commit"
            self.write(new, 100, 20, epoch=1)
            new.commit(1, {})
            self.shows(list(range(100, 120)))
        finally:
            old.close()
            new.close()

    def test_writing_an_epoch_again_changes_nothing(self) -> None:
        """Where the group is idempotent, the same epoch twice shows its rows once."""
        group = self.group()
        try:
            group.open()
            if not group.idempotent:
                return
            for _ in range(2):
                self.write(group, 0, 30, epoch=1)
                group.commit(1, {})
            self.shows(list(range(30)))
        finally:
            group.close()

    def test_close_never_raises_and_leaves_nothing(self) -> None:
        """Close works unopened, twice, and with an open epoch; no thread is left."""
        before = set(threading.enumerate())
        self.group().close()
        group = self.group()
        group.open()
        group.writer(self.table).write(self.batch(0, 5))
        group.close()
        group.close()
        assert set(threading.enumerate()) <= before
