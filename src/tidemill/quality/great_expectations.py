"""Suites as Great Expectations 1.x keeps them: JSON out, JSON in.

What only Tidemill has (`action`, the targets) travels in `meta` under `tidemill`. What only Great
Expectations has (row conditions, windows, other expectations) is refused by name, never dropped.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tidemill.errors import ProjectError, Where
from tidemill.quality.arguments import BadArgumentError, checked, kind_of
from tidemill.quality.model import ACTIONS, SEVERITIES, Expectation, Suite, Target

_OURS = "tidemill"
_WITHOUT_EFFECT = ("batch_id", "result_format", "catch_exceptions", "meta", "notes", "description")
_KEYS = ("type", "kwargs", "meta", "id", "severity", "notes", "description", "rendered_content",
         "expectation_context")  # fmt: skip


def exported(suite: Suite) -> dict[str, Any]:
    """The suite as Great Expectations 1.x reads it."""
    targets = [
        {k: v for k, v in (("pipeline", t.pipeline), ("connection", t.connection),
                           ("table", t.table), ("file", t.file)) if v is not None}
        for t in suite.targets
    ]  # fmt: skip
    return {
        "name": suite.name,
        "expectations": [
            {
                "type": one.type,
                "kwargs": {key: _json_value(value) for key, value in one.kwargs.items()},
                "severity": one.severity,
                "meta": {**one.meta, _OURS: {"action": one.action}},
            }
            for one in suite.expectations
        ],
        "meta": {**suite.meta, _OURS: {"on": targets}},
    }


def imported(text: str, file: str) -> Suite:
    """A suite from Great Expectations' JSON; raises ProjectError that names what is not taken."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ProjectError(
            f"{file} is not JSON: {error}", code="quality.unreadable", where=Where(file=file)
        ) from None
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        raise _refused(file, "it is no suite of Great Expectations 1.x", _NO_SUITE)
    name = data.get("name")
    if not isinstance(name, str) or not name:
        raise _refused(file, "the suite has no name", _NO_SUITE)
    meta = dict(data.get("meta") or {})
    meta.pop("great_expectations_version", None)  # who wrote the file, not what it says
    targets = (meta.pop(_OURS, None) or {}).get("on", [])
    found = [_expectation(one, i, file) for i, one in enumerate(data["expectations"])]
    return Suite(name, tuple(Target(**t) for t in targets), tuple(found), file, meta)


_NO_SUITE = "Export it as `suite.to_json_dict()` gives it, with `name` and `expectations`."


def _expectation(one: Any, index: int, file: str) -> Expectation:
    place = f"expectation {index + 1}"
    if not isinstance(one, dict) or not isinstance(one.get("kwargs", {}), dict):
        raise _refused(file, f"{place} is no object with `type` and `kwargs`", _NO_SUITE)
    for key, value in one.items():
        if key not in _KEYS and value:
            raise _refused(file, f"{place} has `{key}`, which is not taken over")
    kwargs = {k: v for k, v in one.get("kwargs", {}).items() if k not in _WITHOUT_EFFECT}
    for key in ("row_condition", "condition_parser", "windows", "auto"):
        if kwargs.pop(key, None):
            raise _refused(file, f"{place} has `{key}`, which is not taken over")
    try:
        kind = kind_of(str(one.get("type")))
        given = checked(kind, kwargs)
    except BadArgumentError as error:
        raise _refused(file, f"{place}: {error}", error.hint) from None
    meta = dict(one.get("meta") or {})
    action = (meta.pop(_OURS, None) or {}).get("action", "warn")
    severity = one.get("severity") or "critical"
    if severity not in SEVERITIES or action not in ACTIONS:
        raise _refused(file, f"{place} has the severity `{severity}` and the action `{action}`")
    return Expectation(kind.name, given, severity, action, meta)


def _refused(file: str, reason: str, hint: str | None = None) -> ProjectError:
    return ProjectError(
        f"{file} cannot be imported: {reason}",
        code="quality.not-importable",
        where=Where(file=file),
        hint=hint,
    )


def as_yaml_data(suite: Suite) -> dict[str, Any]:
    """The suite as the data of its YAML file."""
    data: dict[str, Any] = {"name": suite.name}
    given: Mapping[str, Any] = exported(suite)
    if targets := given["meta"][_OURS]["on"]:
        data["on"] = targets
    if suite.meta:
        data["meta"] = dict(suite.meta)
    data["expectations"] = [
        {
            "type": one.type,
            "kwargs": dict(one.kwargs),
            **({"severity": one.severity} if one.severity != "critical" else {}),
            **({"action": one.action} if one.action != "warn" else {}),
            **({"meta": dict(one.meta)} if one.meta else {}),
        }
        for one in suite.expectations
    ]
    return data


def _json_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
