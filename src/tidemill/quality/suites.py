"""Suites as files: `checks/<name>.yaml`, every mistake shown with its line.

on:
  - {pipeline: trips, table: trips}
  - {connection: postgres, table: public.zone_minute}
  - {file: data/*.parquet}
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: fare, min_value: 0}
    severity: warning
    action: dead-letter
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from tidemill.errors import ProjectError, Where, did_you_mean
from tidemill.project.yaml_text import YamlText, parse_yaml
from tidemill.quality.arguments import BadArgumentError, checked, kind_of
from tidemill.quality.model import ACTIONS, SEVERITIES, Action, Expectation, Severity, Suite, Target

FOLDER = "checks"
_TOP = ("name", "on", "expectations", "meta")
_EXPECTATION = ("type", "kwargs", "severity", "action", "meta")
_TARGET = ("pipeline", "connection", "table", "file")
Path_ = Sequence[str | int]


def suite_files(root: Path) -> list[Path]:
    """The files of a project's suites."""
    folder = root / FOLDER
    return sorted(p for p in folder.glob("*.y*ml") if p.suffix in (".yaml", ".yml"))


def read_suite(path: Path, shown: str) -> Suite:
    """Read one suite; raises ProjectError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ProjectError(
            f"{shown} cannot be read: {reason}",
            code="quality.unreadable",
            where=Where(file=shown),
        ) from None
    return parse_suite(text, shown, path.stem)


def parse_suite(text: str, shown: str, stem: str) -> Suite:
    """A suite from its text; raises ProjectError."""
    return _Reader(parse_yaml(text, shown), stem).suite()


class _Reader:
    def __init__(self, yaml: YamlText, stem: str) -> None:
        self._yaml = yaml
        self._stem = stem

    def suite(self) -> Suite:
        data = self._mapping(self._yaml.data, (), _TOP)
        name = data.get("name", self._stem)
        if not isinstance(name, str) or not name:
            raise self._bad("`name` takes a text", ("name",))
        targets = self._list(data.get("on") or [], ("on",))
        expectations = self._list(data.get("expectations"), ("expectations",))
        return Suite(
            name,
            tuple(self._target(item, ("on", i)) for i, item in enumerate(targets)),
            tuple(self._expectation(e, ("expectations", i)) for i, e in enumerate(expectations)),
            self._yaml.file,
            self._meta(data, ()),
        )

    def _target(self, item: Any, path: Path_) -> Target:
        data = self._mapping(item, path, _TARGET)
        for key, value in data.items():
            if not isinstance(value, str) or not value:
                raise self._bad(f"`{key}` takes a text", (*path, key))
        forms = ({"pipeline", "table"}, {"connection", "table"}, {"file"})
        if set(data) not in forms:
            raise self._bad(
                "a target is `pipeline` and `table`, `connection` and `table`, or `file`", path
            )
        return Target(**data, where=self._yaml.where(path))

    def _expectation(self, item: Any, path: Path_) -> Expectation:
        data = self._mapping(item, path, _EXPECTATION)
        if not isinstance(data.get("type"), str):
            raise self._bad("an expectation needs its `type`", path)
        severity = self._choice(data, "severity", SEVERITIES, path)
        action = self._choice(data, "action", ACTIONS, path, default="warn")
        kwargs = data.get("kwargs") or {}
        if not isinstance(kwargs, dict):
            raise self._bad("`kwargs` takes keys with values", (*path, "kwargs"))
        try:
            kind = kind_of(data["type"])
        except BadArgumentError as error:
            raise ProjectError(
                str(error),
                code="quality.unknown-expectation",
                where=self._yaml.where((*path, "type")),
                hint=error.hint,
            ) from None
        try:
            given = checked(kind, kwargs)
        except BadArgumentError as error:
            place = (*path, "kwargs", *([error.argument] if error.argument else []))
            raise ProjectError(
                str(error),
                code="quality.bad-argument",
                where=self._yaml.where(place),
                hint=error.hint,
            ) from None
        if action == "dead-letter" and kind.rows is None:
            raise self._bad(
                f"{kind.name} looks at the table as a whole: there is no row to set aside",
                (*path, "action"),
            )
        return Expectation(
            kind.name, given, cast(Severity, severity), cast(Action, action),
            self._meta(data, path), self._yaml.where((*path, "type")),
        )  # fmt: skip

    def _meta(self, data: Mapping[str, Any], path: Path_) -> Mapping[str, Any]:
        meta = data.get("meta") or {}
        if not isinstance(meta, dict):
            raise self._bad("`meta` takes keys with values", (*path, "meta"))
        return meta

    def _choice(
        self,
        data: Mapping[str, Any],
        key: str,
        choices: Sequence[str],
        path: Path_,
        default: str | None = None,
    ) -> str:
        value = data.get(key, default or choices[0])
        if value not in choices:
            raise self._bad(f"`{key}` is one of {', '.join(choices)}, not `{value}`", (*path, key))
        return str(value)

    def _mapping(self, value: Any, path: Path_, known: Sequence[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._bad("keys with values are needed here", path)
        for key in value:
            if key not in known:
                raise self._bad(
                    f"unknown key `{key}`",
                    (*path, str(key)),
                    did_you_mean(str(key), known) or f"Known keys here: {', '.join(known)}.",
                )
        return value

    def _list(self, value: Any, path: Path_) -> list[Any]:
        if not isinstance(value, list):
            raise self._bad(f"`{path[-1]}` takes a list", path)
        return value

    def _bad(self, message: str, path: Path_, hint: str | None = None) -> ProjectError:
        return ProjectError(
            message, code="quality.bad-suite", where=self._yaml.where(path), hint=hint
        )
