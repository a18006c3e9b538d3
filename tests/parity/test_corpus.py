"""Every case of the corpus: embedded in all its ways, and Flink, against one golden file.

Flink gives the same rows for the same files, so of an everyday run only a quarter asks it again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from corpus import Case, cases, differences, random_crashes, write_golden

from tidemill.control.parity.embedded import EmbeddedRun
from tidemill.engine import crash_points
from tidemill.runners.flink import Gateway

CASES = cases()
FULL = bool(os.environ.get("TIDEMILL_PARITY_FULL"))
"""Every case in every way, as `make parity` does; else each in one way that its name chooses."""
WRITING = bool(os.environ.get("UPDATE_GOLDENS"))
ON_FLINK = [case for case in CASES if FULL or WRITING or crc32(f"flink {case}".encode()) % 4 == 0]


def _ways(numbers: list[int | None]) -> list[tuple[Case, int | None]]:
    """Each case with each number, or with one of them."""
    return [
        (case, number)
        for case in CASES
        for number in (numbers if FULL else [numbers[crc32(str(case).encode()) % len(numbers)]])
    ]


@pytest.fixture(autouse=True)
def _no_crash_left_behind() -> Iterator[None]:
    yield
    crash_points.install(None)


@pytest.mark.servers
@pytest.mark.parametrize("case", ON_FLINK, ids=str)
def test_flink(case: Case, request: pytest.FixtureRequest) -> None:
    name = "flink_with_python" if case.uses_python else "flink"
    gateway: Gateway = request.getfixturevalue(name)
    results = case.on_flink(gateway)
    if WRITING:
        write_golden(case, results)
    assert differences(case, results, "on Flink") == []


@pytest.mark.parametrize(("case", "batch_rows"), _ways([None, 1, 7, 10_000]), ids=str)
def test_embedded(case: Case, batch_rows: int | None, tmp_path: Path) -> None:
    results = case.embedded(tmp_path, EmbeddedRun(batch_rows))
    assert differences(case, results, "embedded") == []


@pytest.mark.parametrize(("case", "seed"), _ways([0, 1, 2]), ids=str)
def test_embedded_killed_and_resumed(case: Case, seed: int, tmp_path: Path) -> None:
    results = case.embedded(tmp_path, random_crashes(seed))
    assert differences(case, results, "embedded") == []
