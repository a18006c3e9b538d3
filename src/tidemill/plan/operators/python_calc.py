"""Calls of Python functions over each row, between two fused queries; without state."""

from __future__ import annotations

from typing import Any

from tidemill.errors import SqlError
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType, TypeRoot
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.records import dataclass
from tidemill.sql.expressions import Call, InputRef
from tidemill.sql.logical import Project, PythonCalc, RowField
from tidemill.sql.render import render_expression

_UTC = ("UTC", "Etc/UTC", "GMT", "Z")


@dataclass(frozen=True, slots=True)
class PythonCallStage:
    """One call: its function, and the columns of the edges' rows that are its arguments."""

    function: PythonFunction
    arguments: tuple[int, ...]
    types: tuple[DataType, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonCalcStage(OperatorStage):
    """The edges give the first `passed` columns, which go on, then the arguments, and `r`."""

    passed: int
    calls: tuple[PythonCallStage, ...]

    def facts(self) -> dict[str, Any]:
        """The calls, and where their functions are."""
        return {
            "calls": [call.text for call in self.calls],
            "functions": list(dict.fromkeys(shown(call.function) for call in self.calls)),
            "state": "none",
        }


def shown(function: PythonFunction) -> str:
    """A function's name and place."""
    loaded = function.loaded
    way = "rows of a batch" if loaded.arrow or function.kind == "model" else "each row"
    return f"{function.name} = {function.path} ({loaded.file}:{loaded.line}), called for {way}"


def _plan(node: PythonCalc, planning: Planning, _used: Columns) -> PythonCalcStage:
    for call in node.calls:
        _check_zone(call, planning)
    arguments = [argument for call in node.calls for argument in call.arguments]
    passed = tuple(InputRef(i, f.name, f.type) for i, f in enumerate(node.input.fields))
    more = tuple(RowField(f"EXPR${i}", a.type) for i, a in enumerate(arguments))
    project = Project(node.input, (*passed, *arguments), (*node.input.fields, *more))
    edges, changelog = planning.row_edges(project, numbered=True)
    if changelog.updates:
        for call in node.calls:
            _check_pure(call, planning)
    calls, place = [], len(passed)
    for call in node.calls:
        assert call.user is not None
        places = tuple(range(place, place + len(call.arguments)))
        types = tuple(argument.type for argument in call.arguments)
        calls.append(PythonCallStage(call.user, places, types, render_expression(call)))
        place += len(places)
    return PythonCalcStage(
        id=planning.name("p"),
        edges=edges,
        schema=stage_schema(node.fields, changelog.updates),
        changelog=changelog,
        passed=len(passed),
        calls=tuple(calls),
        where=planning.where,
    )


def _check_pure(call: Call, planning: Planning) -> None:
    assert call.user is not None
    if not call.user.loaded.deterministic:
        raise SqlError(
            f"the function {call.user.name} is not deterministic, and its input is a changelog",
            code="plan.not-deterministic",
            where=planning.where,
            detail="A row that is withdrawn must look as it did when it came.",
            hint="Call it before the changes arise, or declare it deterministic if it is.",
        )


def _check_zone(call: Call, planning: Planning) -> None:
    """PyFlink gives and takes instants as wall-clock times of the session's time zone."""
    types = [call.type, *(argument.type for argument in call.arguments)]
    if planning.zone not in _UTC and any(map(_has_instant, types)):
        assert call.user is not None
        raise SqlError(
            f"the function {call.user.name} takes or gives a TIMESTAMP_LTZ, and the session's time "
            f"zone is `{planning.zone}`",
            code="plan.python-time-zone",
            where=planning.where,
            hint="SET 'table.local-time-zone' = 'UTC', or cast to TIMESTAMP before the call.",
        )


def _has_instant(type_: DataType) -> bool:
    parts = [type_.element, type_.key, type_.value, *(field.type for field in type_.fields)]
    if type_.root is TypeRoot.TIMESTAMP_LTZ:
        return True
    return any(_has_instant(part) for part in parts if part is not None)


PLANNER = OperatorPlanner(_plan)
