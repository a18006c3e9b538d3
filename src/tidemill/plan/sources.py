"""What the plan knows of a table that is read: needed columns, event time, idle timeout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import pyarrow as pa

from tidemill.errors import SqlError, TextWhere
from tidemill.interfaces.connector import Changelog
from tidemill.interfaces.options import parse_duration_ms
from tidemill.model import TableDescriptor
from tidemill.plan.fuse import (
    alias,
    base_column,
    chains,
    column,
    names,
    over,
    probe_query,
    rows_query,
    text,
)
from tidemill.plan.lowering import lower
from tidemill.plan.parts import Path, columns_of
from tidemill.plan.physical import EventTime, RowChecks, wide
from tidemill.plan.windows import micros
from tidemill.records import dataclass
from tidemill.sql.expressions import Call, Expression, InputRef, Interval, Literal
from tidemill.sql.logical import Fields, Values, Watermark


@dataclass(slots=True)
class SourceDraft:
    """A source while the plan is being built; `paths` grows with every use."""

    id: str
    table: TableDescriptor
    changelog: Changelog
    bounded: bool
    fields: Fields
    where: TextWhere | None = None
    watermark: Watermark | None = None
    values: pa.Table | None = None
    paths: frozenset[Path] = field(default=frozenset())
    checks: RowChecks | None = None
    keeps_standing: bool = False

    @property
    def needed(self) -> frozenset[int]:
        """The columns that anybody reads."""
        return columns_of(self.paths)


def event_time(draft: SourceDraft, zone: str) -> EventTime | None:
    """The queries for event time and watermark, or None where the table declares none."""
    node = draft.watermark
    if node is None:
        return None
    (chain,) = chains(node.input, zone)
    inputs = names(len(node.input.fields))
    delay_us = _delay_us(node.expression, node.column)
    time_us = micros(column(inputs[node.column]))
    outputs = [alias(time_us, "t")]
    if delay_us is None:
        outputs.append(alias(micros(lower(node.expression, inputs, zone)), "w"))
    evaluated = [] if delay_us is not None else [lower(node.expression, inputs, zone)]
    return EventTime(
        query=text(over(rows_query(chain, draft.id, []), outputs)),
        probe=text(probe_query(chain, wide(draft.id), [time_us.copy(), *evaluated])),
        column=base_column(chain, node.column),
        delay_us=delay_us,
        rowtime=node.fields[node.column].name,
        watermark=_watermark_text(node, delay_us),
    )


def _delay_us(expression: Expression, rowtime: int) -> int | None:
    """The constant that the watermark lies behind the rowtime, where it is one."""
    if isinstance(expression, InputRef) and expression.index == rowtime:
        return 0
    if not isinstance(expression, Call) or expression.function != "MINUS":
        return None
    left, right = expression.arguments
    if not isinstance(left, InputRef) or left.index != rowtime or not isinstance(right, Literal):
        return None
    if not isinstance(right.value, Interval) or right.value.months:
        return None
    return right.value.microseconds


def _watermark_text(node: Watermark, delay_us: int | None) -> str:
    name = node.fields[node.column].name
    if delay_us is None:
        lowered = lower(node.expression, [f.name for f in node.input.fields])
        return lowered.sql(dialect="duckdb")
    return name if not delay_us else f"{name} - {delay_us / 1_000_000:g} s"


def idle_timeout_ms(
    table: TableDescriptor, settings: Mapping[str, str], where: TextWhere | None
) -> int | None:
    """When a silent partition stops holding the watermark; None: never."""
    own = table.options.get("scan.watermark.idle-timeout")
    given = own if own is not None else settings.get("table.exec.source.idle-timeout")
    if given is None:
        return None
    try:
        return parse_duration_ms(given) or None
    except ValueError as error:
        raise SqlError(
            f"the idle timeout takes {error}, not `{given}`", code="plan.bad-option", where=where
        ) from None


def values_table(node: Values) -> pa.Table:
    """The constant rows as a table with columns `c0`, `c1`, ..."""
    columns = [
        pa.array([_plain(row[i]) for row in node.rows], f.type.arrow())
        for i, f in enumerate(node.fields)
    ]
    return pa.table(columns, names=names(len(node.fields)))


def _plain(value: object) -> object:
    if isinstance(value, Interval):
        return pa.MonthDayNano([value.months, 0, value.microseconds * 1000])
    return value
