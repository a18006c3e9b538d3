"""The laws of sources: for the bounded scan, and for the stream with its snapshot in front."""

from __future__ import annotations

from typing import Any

import pytest

from tidemill.interfaces.source import Source
from tidemill.testing import SourceContract, UntilCaughtUp

pytestmark = pytest.mark.servers


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
        made: Source = self.cdc.source()
        return UntilCaughtUp(made) if bounded else made


class TestBoundedScan(TestStream):
    unbounded = False

    def source(self, *, bounded: bool) -> Source:
        made: Source = self.cdc.source(scan__startup__mode="snapshot")
        return made
