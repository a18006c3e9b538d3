"""`tidemill test` through the real program."""

import json
import subprocess
import xml.etree.ElementTree as Xml
from collections.abc import Callable
from pathlib import Path

import pytest

from tidemill.control.init import init

Tidemill = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    init(tmp_path / "shop")
    return tmp_path / "shop"


def test_passing_tests_in_short_and_long(tidemill: Tidemill, minimal: Path) -> None:
    short = tidemill("test", cwd=minimal)
    assert short.returncode == 0, short.stdout + short.stderr
    lines = short.stdout.splitlines()
    assert lines[0].startswith("tests/revenue.yaml ..")
    assert lines[0].endswith("[100%]")
    assert lines[1].startswith("2 passed in ")
    long = tidemill("test", "revenue", "-v", "-k", "late", cwd=minimal)
    assert long.returncode == 0
    assert long.stdout.startswith(
        "tests/revenue.yaml::an order that is more than ten seconds late is left out PASSED ["
    )
    assert "1 passed in " in long.stdout


def test_a_failure_is_told_in_text_json_and_xml(tidemill: Tidemill, minimal: Path) -> None:
    file = minimal / "tests" / "revenue.yaml"
    file.write_text(file.read_text().replace("orders: 2,", "orders: 3,"))
    done = tidemill("test", "--junit", "out/report.xml", cwd=minimal)
    assert done.returncode == 1
    assert "  - 2026-01-05 09:00:00  tea      3       7.50" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 failed in ")
    suite = Xml.parse(minimal / "out" / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    failure = suite.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == (
        "the end: revenue: 1 row missing, 1 row unexpected (2 expected, 2 there)"
    )
    told = json.loads(tidemill("test", "--json", "-x", cwd=minimal).stdout)
    assert (told["ok"], told["failed"], len(told["tests"])) == (False, 1, 1)
    table = told["tests"][0]["failure"]["tables"][0]
    assert table["missing"] == [
        {"window_start": "2026-01-05 09:00:00", "product": "tea", "orders": 3, "revenue": "7.50"}
    ]


def test_a_broken_file_is_an_error_with_its_place(tidemill: Tidemill, minimal: Path) -> None:
    file = minimal / "tests" / "revenue.yaml"
    file.write_text(file.read_text().replace("order_id: 1", "order_id: one"))
    done = tidemill("test", cwd=minimal)
    assert done.returncode == 1
    assert 'error[fixture.bad-row]: `order_id`: "one" is not BIGINT' in done.stdout
    assert "--> tests/revenue.yaml:6:22" in done.stdout
    missing = tidemill("test", "nothing", cwd=minimal)
    assert missing.returncode == 1
    assert "there is no fixture file `nothing`" in missing.stderr
