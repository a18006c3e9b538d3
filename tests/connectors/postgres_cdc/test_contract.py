"""The laws of sources: for the bounded scan, and for the stream with its snapshot in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tidemill.connectors.postgres_cdc.source import PostgresCdcSource
from tidemill.interfaces.source import PartitionBatch, Source
from tidemill.testing import SourceContract

pytestmark = pytest.mark.servers


class UntilCaughtUp(PostgresCdcSource):
    """The stream, taken for ended where it has caught up."""

    done = False

    def read(self, rows_max: int, timeout_ms: int) -> Sequence[PartitionBatch]:
        batches = super().read(rows_max, 50)
        self.done = not batches and self.caught_up()
        return batches

    def finished(self) -> bool:
        return self.done


class TestStream(SourceContract):
    @pytest.fixture(autouse=True)
    def _table(self, cdc: Any) -> None:
        self.cdc = cdc
        cdc.create()

    def fill(self, count: int) -> None:
        self.cdc.run(
            "INSERT INTO {t} SELECT n + i, 'v' || (n + i) FROM generate_series(1, %s) i,"
            " (SELECT count(*)::int AS n FROM {t}) c",
            count,
        )

    def source(self, *, bounded: bool) -> Source:
        if not bounded:
            made: Source = self.cdc.source()
            return made
        self.cdc.opened.append(UntilCaughtUp(self.cdc.table()))
        return self.cdc.opened[-1]


class TestBoundedScan(TestStream):
    unbounded = False

    def source(self, *, bounded: bool) -> Source:
        made: Source = self.cdc.source(scan__startup__mode="snapshot")
        return made
