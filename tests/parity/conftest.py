"""One Flink session cluster for the whole run, and the corpus beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tidemill.runners.flink import Gateway

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def flink(stack: object) -> Iterator[Gateway]:
    """A real Flink cluster's SQL Gateway, started when the first test asks for it."""
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    yield Gateway(stack.endpoint("flink-gateway").properties["url"])  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def flink_with_python(
    stack: object, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Gateway]:
    """The cluster, where it was started with PyFlink; else one for this test alone."""
    stack.endpoint("flink-gateway")  # type: ignore[attr-defined]
    status = json.loads((stack.state_dir / "status.json").read_text())  # type: ignore[attr-defined]
    process = psutil.Process(status["servers"]["flink-gateway"]["process"]["pid"])
    if any("flink-python" in word for word in process.cmdline()):
        yield request.getfixturevalue("flink")
        return
    own = type(stack)(tmp_path_factory.mktemp("flink") / ".tidemill")  # type: ignore[call-arg]
    try:
        own.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
        yield Gateway(own.endpoint("flink-gateway").properties["url"])  # type: ignore[attr-defined]
    finally:
        own.stop()  # type: ignore[attr-defined]
