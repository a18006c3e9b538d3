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

import report as found


@pytest.fixture(scope="session")
def flink(stack: object) -> Iterator[Gateway]:
    """A real Flink cluster's SQL Gateway, started when the first test asks for it."""
    stack.endpoint("flink-taskmanager")  # type: ignore[attr-defined]
    gateway = Gateway(stack.endpoint("flink-gateway").properties["url"])  # type: ignore[attr-defined]
    found.FOUND.version = gateway.version()
    yield gateway


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
    if call.when != "call" or found.results_file() is None:
        return report
    parameters = dict(getattr(getattr(item, "callspec", None), "params", {}))
    test = item.name.split("[")[0]
    if "case" in parameters:
        case = parameters.pop("case")
        way = " ".join([test, *map(str, parameters.values())])
        mark, queries = found.case_fingerprint(case.path), found.queries_of(case.golden)
        found.FOUND.add(str(case), way, report.passed, mark, queries)
    elif item.path.name == "test_on_spark.py" and "query" in parameters:
        query = parameters["query"]
        mark, queries = found.case_fingerprint(query.case.path), found.queries_of(query.case.golden)
        number = str(query.number + 1)
        found.FOUND.add_on_spark(str(query.case), number, report.passed, mark, queries)
    elif item.path.name == "test_nexmark.py":
        name = parameters["name"]
        mark = found.nexmark_fingerprint(name)
        found.FOUND.add(f"nexmark/{name}", test, report.passed, mark)
    return report


def pytest_sessionfinish() -> None:
    """Add what was found to the file that is named for it."""
    file = found.results_file()
    if file is not None and found.FOUND.cases:
        found.FOUND.merged(file).write(file)
