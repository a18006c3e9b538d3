"""One Flink session cluster for the whole run, and the corpus beside it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tidemill.runners.flink import Gateway

sys.path.insert(0, str(Path(__file__).parent))

import report as found


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None] | pytest.TestReport:
    """Note what came of each run of a case, for the page in the docs."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if call.when == "call":
        if "case" in parameters:
            case = parameters["case"]
            found.FOUND.add(case.path.parent.name, str(case), report.passed)
            found.FOUND.queries[str(case)] = found.queries_of(case.golden)
        elif item.path.name == "test_nexmark.py":
            found.FOUND.add("nexmark", parameters["name"], report.passed)
    return report


def pytest_sessionfinish() -> None:
    """Write the page, where that is asked for."""
    if os.environ.get("UPDATE_PARITY_PAGE"):
        found.PAGE.write_text(found.FOUND.page(), encoding="utf-8")
