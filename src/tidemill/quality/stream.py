"""A suite inside a stream: its expectations as the plan takes them.

What looks at rows one by one runs over each batch. What the columns alone tell is told when the
pipeline is planned. What needs the whole table cannot be told of a stream: with `action: warn` it
is left to `tidemill checks run` and noted, with another action it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
from sqlglot import exp

from tidemill.errors import SqlError
from tidemill.model import Schema
from tidemill.plan.checks import RowConditions
from tidemill.plan.physical import CheckAction
from tidemill.quality.kinds import KINDS
from tidemill.quality.kinds.base import Columns, UnfitError
from tidemill.quality.model import Expectation, Suite
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class StreamExpectation:
    """One expectation on the rows of a table of a stream (`plan.checks.RowExpectation`)."""

    name: str
    reason: str
    expectation: Expectation

    @property
    def action(self) -> CheckAction:
        """What becomes of a row that misses it."""
        return self.expectation.action

    @property
    def mostly(self) -> float:
        """Which share of the rows must meet it, in the verdict of the run."""
        return self.expectation.mostly

    @property
    def columns(self) -> Sequence[str]:
        """The columns that it reads."""
        return KINDS[self.expectation.type].columns(self.expectation.kwargs)

    def conditions(self, schema: pa.Schema, at: Callable[[str], exp.Expression]) -> RowConditions:
        """The conditions over a table's columns; raises SqlError where they do not fit."""
        rule = KINDS[self.expectation.type].rows
        assert rule is not None, "only expectations on rows are in a stream"
        try:
            return rule(self.expectation.kwargs, Columns(schema, at))
        except UnfitError as error:
            raise _unfit(self.expectation, str(error)) from None


def in_stream(
    suite: Suite, table: str, schema: Schema
) -> tuple[list[StreamExpectation], list[str]]:
    """A suite's expectations on a table's rows, and notes on what is not looked at.

    Raises SqlError for what must not be left out, and where the columns are not as expected.
    """
    found: list[StreamExpectation] = []
    notes: list[str] = []
    for i, one in enumerate(suite.expectations):
        kind = KINDS[one.type]
        if kind.static:
            _check_columns(one, schema)
        elif kind.rows is not None and not kind.whole:
            _check_share(one)
            name = f"{suite.name}.{table}.{i}.{one.type}"
            found.append(StreamExpectation(name, f"{one.label}, suite {suite.name}", one))
        elif one.action != "warn":
            raise SqlError(
                f"{one.type} with `action: {one.action}` needs the whole table `{table}`",
                code="quality.not-in-stream",
                where=one.where,
                hint="A stream has no end at which to judge it. Use `action: warn`, and look at "
                "the table with `tidemill checks run`.",
            )
        else:
            notes.append(
                f"{one.label} of the suite {suite.name} needs the whole table: it is not looked "
                "at in the stream, only by `tidemill checks run`"
            )
    return found, notes


def _check_columns(one: Expectation, schema: Schema) -> None:
    rule = KINDS[one.type].table
    assert rule is not None
    try:
        measured = rule(one.kwargs, Columns(schema.arrow(), exp.column))
    except UnfitError as error:
        raise _unfit(one, str(error)) from None
    if not measured.holds(measured.observed) and one.action != "warn":
        raise _unfit(one, f"it is not so: observed {measured.observed}")


def _check_share(one: Expectation) -> None:
    if one.action == "stop" and one.mostly < 1:
        raise SqlError(
            f"{one.type} cannot stop a stream at a share of {one.mostly:g}",
            code="quality.not-in-stream",
            where=one.where,
            hint="The share is known at the end only. Leave out `mostly`, so that the first row "
            "stops the job, or use another action.",
        )


def _unfit(one: Expectation, reason: str) -> SqlError:
    return SqlError(
        f"{one.type} does not fit: {reason}", code="quality.unfit-column", where=one.where
    )
