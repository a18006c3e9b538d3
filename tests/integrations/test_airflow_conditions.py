"""What sensors wait for, and what a command line's answer means; no Airflow needed."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "src" / "tidemill" / "integrations" / "airflow"


def load(name: str) -> Any:
    """A module of the package without its `__init__`, which needs Airflow."""
    package = "airflow_part"
    if package not in sys.modules:
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(FOLDER)]
    return importlib.import_module(f"{package}.{name}")


conditions, command = load("conditions"), load("command")
NOW_MS = 1_800_000_000_000
RUNNING = {
    "name": "p",
    "state": "running",
    "lag": 5,
    "watermarks_ms": {"a": NOW_MS - 9000, "b": NOW_MS},
}


@pytest.mark.parametrize(
    ("condition", "seen", "met"),
    [
        ({"kind": "lag", "lag_max": 5}, {}, True),
        ({"kind": "lag", "lag_max": 4}, {}, False),
        ({"kind": "lag", "lag_max": 4}, {"state": "killed", "lag": 0}, False),
        ({"kind": "lag", "lag_max": 0}, {"state": "finished"}, True),
        ({"kind": "lag", "lag_max": 0}, {"lag": None}, False),
        ({"kind": "freshness", "age_max_s": 9}, {}, True),
        ({"kind": "freshness", "age_max_s": 8.9}, {}, False),
        ({"kind": "freshness", "age_max_s": 9}, {"watermarks_ms": {"a": NOW_MS, "b": None}}, False),
        ({"kind": "watermark", "reaches": "2027-01-15T07:59:51+00:00"}, {}, True),
        ({"kind": "watermark", "reaches": "2027-01-15T08:59:52+01:00"}, {}, False),
        ({"kind": "watermark", "reaches": "2027-01-15T08:00:00+00:00"},
         {"watermarks_ms": None}, False),
        ({"kind": "watermark", "reaches": "2099-01-01T00:00:00+00:00"},
         {"watermarks_ms": {"a": 2305843009213693}}, True),
    ],
)  # fmt: skip
def test_conditions_on_a_pipeline(
    condition: dict[str, Any], seen: dict[str, Any], met: bool
) -> None:
    data = {"pipelines": [{**RUNNING, **seen}]}
    found, said = conditions.judge({**condition, "pipeline": "p"}, 0, data, NOW_MS)
    assert found is met
    assert said


def test_a_pipeline_that_is_not_there_is_not_waited_for() -> None:
    with pytest.raises(conditions.NeverMetError):
        conditions.judge({"kind": "lag", "lag_max": 0, "pipeline": "q"}, 0, {"pipelines": []}, 0)


@pytest.mark.parametrize(
    ("code", "data", "met"),
    [(0, {"success": True}, True), (1, {"success": False}, False), (3, None, False)],
)
def test_checks(code: int, data: Any, met: bool) -> None:
    assert conditions.judge({"kind": "check", "suites": ["s"]}, code, data, 0)[0] is met
    assert conditions.arguments_of({"kind": "check", "suites": ["s"]}) == ["checks", "run", "s"]


def test_the_answer_is_the_last_json_line(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = command.answer_of(
        3, ['{"type": "progress"}', '{"error": {"code": "a.b", "message": "m"}}', ""]
    )
    assert answer.error_text == "[a.b] m"
    assert command.answer_of(1, ["no json"]).error_text == "tidemill ended with the exit code 1"
    monkeypatch.setenv("TIDEMILL_COMMAND", f"{sys.executable} -c 'print(1)'")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert "PYTHONPATH" not in command.environment()
    assert command.Call([], None).wait().data == 1
