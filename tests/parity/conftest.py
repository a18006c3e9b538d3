"""One Flink session cluster for the whole run, and the corpus beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidemill.runners.flink import Gateway

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def flink(stack: object) -> Iterator[Gateway]:
    """A real Flink cluster's SQL Gateway, started when the first test asks for it."""
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    yield Gateway(stack.endpoint("flink-gateway").properties["url"])  # type: ignore[attr-defined]
