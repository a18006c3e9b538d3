"""What sensors wait for, as plain data, judged from the JSON of one command. No Airflow here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

Condition = Mapping[str, Any]
"""`kind` is lag, freshness, watermark or check; the rest are its bounds."""

_ENDED = ("finished", "stopped", "failed", "killed")


class NeverMetError(Exception):
    """Waiting longer cannot help."""


def arguments_of(condition: Condition) -> list[str]:
    """The command that tells."""
    if condition["kind"] == "check":
        return ["checks", "run", *condition["suites"]]
    return ["status"]


def judge(condition: Condition, code: int, data: Any, now_ms: int) -> tuple[bool, str]:
    """Whether the condition is met, and what was seen; raises NeverMetError."""
    if condition["kind"] == "check":
        if not isinstance(data, dict) or "success" not in data:
            return False, f"checks ended with the exit code {code}"
        return bool(data["success"]), f"checks: success={data['success']}"
    found = [p for p in (data or {}).get("pipelines", []) if p["name"] == condition["pipeline"]]
    if not found:
        raise NeverMetError(f"the project has no pipeline {condition['pipeline']}")
    return _of_pipeline(condition, found[0], now_ms)


def _of_pipeline(condition: Condition, seen: Mapping[str, Any], now_ms: int) -> tuple[bool, str]:
    state = seen["state"]
    if state == "finished" and condition["kind"] != "freshness":
        return True, "the pipeline has come to the end of its input"
    if condition["kind"] == "lag":
        if state in _ENDED or seen["lag"] is None:
            return False, f"the pipeline is {state}"
        return seen["lag"] <= condition["lag_max"], f"lag {seen['lag']}"
    marks = list((seen.get("watermarks_ms") or {}).values())
    if not marks or any(mark is None for mark in marks):
        return False, f"the pipeline is {state} and has no watermark yet"
    reached_ms = min(marks)
    if reached_ms > now_ms + 86_400_000 * 365 * 1000:
        # A source that has ended says so by a watermark beyond all times.
        return condition["kind"] == "watermark", "the input has ended"
    if condition["kind"] == "watermark":
        wanted_ms = int(dt.datetime.fromisoformat(condition["reaches"]).timestamp() * 1000)
        return reached_ms >= wanted_ms, f"watermark {_shown(reached_ms)}"
    age_s = (now_ms - reached_ms) / 1000
    return age_s <= condition[
        "age_max_s"
    ], f"the watermark {_shown(reached_ms)} is {age_s:.0f} s old"


def _shown(moment_ms: int) -> str:
    return dt.datetime.fromtimestamp(moment_ms / 1000, dt.UTC).isoformat()
