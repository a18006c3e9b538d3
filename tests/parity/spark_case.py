"""The corpus on Spark: of each case the SELECTs that Spark takes, and of wide ones the columns.

A SELECT over functions has a hundred columns; those that are refused on Spark are left out, so that
all the others are compared with the golden file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from corpus import _KINDS, Case, _tagged
from sqlglot import exp

from tidemill.connectors import CONNECTORS
from tidemill.control.parity.compare import compare
from tidemill.control.parity.on_spark import SparkSession
from tidemill.control.parity.results import Change, QueryResult
from tidemill.errors import UserError
from tidemill.formats import FORMATS
from tidemill.model import Schema
from tidemill.model.types import BOOLEAN, INT
from tidemill.project import ProjectFunctions
from tidemill.runners.spark import spark_program
from tidemill.runners.spark.lowering import lower
from tidemill.runners.spark.refusals import Refuser
from tidemill.runners.spark.types import spark_type
from tidemill.sql import compile_script
from tidemill.sql.expressions import Call, InputRef, Literal
from tidemill.sql.logical import Filter, Project, Scan, Script

BEFORE_1970 = {"functions/temporal": (2, 6), "functions/times": (2,), "functions/zones": (2,)}
"""Ids of rows with timestamps before 1970, which fail Spark's calendar functions on purpose."""


STRICT = {"functions/times": ("e23", "e24", "e26")}
"""Columns that fail the job for a text that is no timestamp, where Flink gives NULL or guesses."""


@dataclass(frozen=True)
class SparkQuery:
    """One SELECT of a case, with the columns that are kept."""

    case: Case
    number: int
    script: Script
    columns: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.case}-{self.number + 1}"

    def on(self, session: SparkSession) -> QueryResult:
        """The rows that Spark gives."""
        (result,) = session.query(self.script, self.case._settle)
        return result

    def differences(self, session: SparkSession) -> list[str]:
        """What Spark and the golden file disagree about, line by line."""
        result = self.on(session)
        golden = json.loads(self.case.golden.read_text(encoding="utf-8"), object_hook=_tagged)
        rows = golden[self.number]["rows"]
        out = BEFORE_1970.get(str(self.case), ())
        changes = [
            Change(_KINDS[row[0]], tuple(row[1 + i] for i in self.columns))
            for row in rows
            if row[1] not in out
        ]
        expected = QueryResult(result.names, result.types, changes)
        return compare(result, expected, ("on Spark", "in the golden file")).lines("on Spark", "")


def queries(case: Case) -> list[SparkQuery]:
    """The SELECTs of a case that Spark takes, in part or whole."""
    functions = ProjectFunctions(case.path.parent)
    script = compile_script(case.text, str(case), CONNECTORS, FORMATS, functions=functions)
    found = []
    for number, select in enumerate(script.selects):
        one = replace(script, selects=(select,), listings=())
        kept = tuple(range(len(select.schema.columns)))
        if case.path.parent.name == "functions":
            one, kept = _reduced(one, BEFORE_1970.get(str(case), ()))
        try:
            _made(one)
        except UserError as error:
            assert error.code == "runner.not-on-spark"
            assert error.where is not None
            continue
        found.append(SparkQuery(case, number, one, kept))
    return found


def _made(script: Script) -> str:
    from tidemill.control.parity.on_spark import collecting

    return spark_program(collecting(script), "parity").text


def _reduced(script: Script, out: tuple[int, ...]) -> tuple[Script, tuple[int, ...]]:
    """The script with only those columns of its SELECT that Spark takes, and without some ids."""
    (select,) = script.selects
    node = select.query
    assert isinstance(node, Project)
    assert isinstance(node.input, Scan)
    refuse = Refuser(script.file, script.text)
    columns = [exp.column(field.name) for field in node.input.fields]
    zone = script.settings.get("table.local-time-zone", "UTC")
    kept = []
    for index, (expression, field) in enumerate(zip(node.expressions, node.fields, strict=True)):
        try:
            lower(expression, columns, zone, refuse)
        except UserError:
            continue
        if spark_type(field.type) is not None and field.name not in STRICT.get(script.file, ()):
            kept.append(index)
    less = Project(
        _without(node.input, out) if out else node.input,
        tuple(node.expressions[i] for i in kept),
        tuple(node.fields[i] for i in kept),
    )
    schema = Schema(tuple(select.schema.columns[i] for i in kept))
    return replace(script, selects=(replace(select, query=less, schema=schema),)), tuple(kept)


def _without(scan: Scan, out: tuple[int, ...]) -> Filter:
    ids = tuple(Literal(value, INT) for value in out)
    kept = Call("NOT_IN", (InputRef(0, "id", INT), *ids), BOOLEAN)
    return Filter(scan, kept, scan.fields)
