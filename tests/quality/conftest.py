from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

import kit


@pytest.fixture(autouse=True)
def _no_crash_left_behind() -> Iterator[None]:
    yield
    kit.no_crash()
