"""What the embedded engine does not run exactly, and therefore refuses, with what to do instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from tidemill.errors import SqlError, TextWhere
from tidemill.functions import AggregateFunction
from tidemill.interfaces.connector import Changelog
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import TableDescriptor
from tidemill.plan.fuse import Chain, chains
from tidemill.plan.lowering.row_aggregates import (
    IN_PANES,
    OF_PANES,
    ROW_AGGREGATES,
    check_distinct,
)
from tidemill.plan.physical import ErrorMode, LateMode
from tidemill.plan.windows import WindowGrid, grid_of
from tidemill.records import dataclass
from tidemill.sql.functions import AGGREGATES
from tidemill.sql.logical import (
    Aggregate,
    Fields,
    Join,
    LogicalNode,
    Scan,
    Sort,
    TimeAttribute,
    Values,
    Watermark,
    WindowKind,
    WindowSpec,
    WindowTableFunction,
    inputs,
)


@dataclass(frozen=True, slots=True)
class Modes:
    """What a source table says about late and bad rows."""

    late: LateMode
    error: ErrorMode


def table_modes(table: TableDescriptor, where: TextWhere | None) -> Modes:
    """The options `late-handling.mode` and `error-handling.mode` of a source table."""
    late = _choice(table, "late-handling.mode", ("drop", "table", "fail"), where)
    error = _choice(table, "error-handling.mode", ("dead-letter", "fail"), where)
    return Modes(cast(LateMode, late), cast(ErrorMode, error))


def shared_sources(
    sources: Iterable[tuple[TableDescriptor, TextWhere | None, str | None]],
) -> None:
    """Two sources that would read what only one can, such as a replication slot."""
    seen: dict[str, str] = {}
    for table, where, exclusive in sources:
        if exclusive is None:
            continue
        other = seen.get(exclusive)
        seen[exclusive] = table.name
        if other is not None:
            raise SqlError(
                f"{exclusive} is read by `{other}` and by `{table.name}`, and it has one reader",
                code="plan.shared-source",
                where=where,
                hint="Give each table one of its own, or read the table once in a view.",
            )


def _choice(
    table: TableDescriptor, key: str, choices: tuple[str, ...], where: TextWhere | None
) -> str:
    given = table.options.get(key, choices[0])
    if given not in choices:
        raise SqlError(
            f"option `{key}` of table `{table.name}` takes one of "
            + ", ".join(f"`{c}`" for c in choices)
            + f", not `{given}`",
            code="plan.bad-option",
            where=where,
        )
    return given


def same_watermark(known: Watermark | None, found: Watermark, scan: Scan) -> None:
    """One table has one watermark."""
    if known is None or known is found:
        return
    if known.column != found.column or known.expression != found.expression:
        raise SqlError(
            f"table `{scan.table.name}` is read with two different watermarks",
            code="plan.conflicting-watermarks",
            where=scan.where,
        )


def grid(window: WindowSpec, where: TextWhere | None) -> WindowGrid:
    """The grid of a window the engine can run, or SqlError."""
    slide_ms = window.size_ms if window.slide_ms is None else window.slide_ms
    if window.size_ms <= 0 or slide_ms <= 0 or slide_ms > window.size_ms:
        raise SqlError(
            f"a window of {window.size_ms} ms every {slide_ms} ms is not possible",
            code="plan.unsupported-window",
            where=where,
            hint="The slide must be positive and not longer than the size.",
        )
    return grid_of(window)


def window_functions(chain: Chain, where: TextWhere | None) -> None:
    """Window functions without an aggregate: the same limits."""
    for step in chain.steps:
        if isinstance(step, WindowTableFunction):
            grid(step.window, where)


def window_time(
    window: WindowSpec,
    node: LogicalNode,
    watermarks: Mapping[object, Watermark],
    where: TextWhere | None,
) -> None:
    """A window over event time needs watermarks; one over processing time needs none."""
    if window.time_attribute is TimeAttribute.ROWTIME:
        has_watermark(node, watermarks, where)


def has_watermark(
    node: LogicalNode, watermarks: Mapping[object, Watermark], where: TextWhere | None
) -> None:
    """Event time must advance on every input of an event-time window."""
    for chain in chains(node):
        base = chain.base
        if not isinstance(base, (Scan, Values)):
            for part in inputs(base):
                has_watermark(part, watermarks, where)
            continue
        key = (
            (base.table.name, tuple(sorted(base.table.options.items())))
            if isinstance(base, Scan)
            else None
        )
        if key is None or key not in watermarks:
            name = f"table `{base.table.name}`" if isinstance(base, Scan) else "an input"
            raise SqlError(
                f"{name} has no watermark, so its windows would never close",
                code="plan.missing-watermark",
                where=where,
                hint="Add WATERMARK FOR <column> AS <column> - INTERVAL '5' SECOND to the table.",
            )


def ranked_on_clock(window: WindowSpec, where: TextWhere | None) -> None:
    """As in Flink, rows are ranked in windows of event time only."""
    if window.on_clock:
        raise SqlError(
            "ROW_NUMBER within windows of processing time is not supported",
            code="plan.unsupported-window",
            where=where,
            detail="Flink does not run it either.",
            hint="Use a window over a column with a WATERMARK.",
        )


def ranked_window_changes(changelog: Changelog, where: TextWhere | None) -> None:
    """As in Flink, rows ranked within windows cannot be withdrawn."""
    if changelog.updates:
        raise SqlError(
            "ROW_NUMBER within the windows of a changelog is not supported",
            code="plan.unsupported-window",
            where=where,
            detail="Flink does not run it either: a row of a closed window could be withdrawn.",
            hint="Aggregate the changes in the window first, and rank its results.",
        )


def session_changes(changelogs: Sequence[Changelog], where: TextWhere | None) -> None:
    """A withdrawal can fall into another session than its row: Flink's changes do not add up."""
    if any(changelog.updates for changelog in changelogs):
        raise SqlError(
            "the rows of SESSION over a changelog are not supported",
            code="plan.unsupported-window",
            where=where,
            detail="A row that is withdrawn late belongs to another session by then, so the "
            "withdrawal would name a row that never was.",
            hint="Aggregate in the sessions: GROUP BY window_start, window_end and the columns of "
            "PARTITION BY.",
        )


def unbounded_sort(where: TextWhere | None) -> None:
    """ORDER BY over a stream."""
    raise SqlError(
        "ORDER BY over an unbounded input would never give a row",
        code="plan.unbounded-sort",
        where=where,
        hint="Leave out the ORDER BY, begin it with event time, or read the input bounded.",
    )


def sorted_by_time(where: TextWhere | None) -> None:
    """As in Flink, rows that event time has passed cannot be withdrawn."""
    raise SqlError(
        "ORDER BY event time over a changelog is not supported",
        code="plan.unbounded-sort",
        where=where,
        detail="Flink does not run it either.",
        hint="Order the rows before the changes arise, or aggregate the changes in a window.",
    )


def panes(node: Aggregate, changes: bool, where: TextWhere | None) -> None:
    """Aggregates in windows of several panes, which Flink joins in an order of its own."""
    assert node.window is not None
    on_grid = node.window.kind is not WindowKind.SESSION and not changes
    for call in node.aggregates:
        if call.user is not None or call.function not in ROW_AGGREGATES - OF_PANES:
            continue
        if on_grid and call.function in IN_PANES and not call.distinct:
            continue
        what = f"{call.function}(DISTINCT)" if call.distinct else call.function
        windows = (
            "HOP, CUMULATE and SESSION windows"
            if call.function not in IN_PANES
            else (f"{node.window.kind.value} windows" + (" of a changelog" if changes else ""))
        )
        raise SqlError(
            f"{what} is not supported in {windows}",
            code="plan.unsupported-aggregate",
            where=where,
            detail="Such a window is joined from parts, and their order counts here: Flink "
            "refuses the function, or has the rows in no certain order.",
            hint="Use TUMBLE, or an aggregate such as MIN, MAX, COLLECT or PERCENTILE.",
        )


def windowed_upserts(changelogs: Sequence[Changelog], where: TextWhere | None) -> None:
    """A window must know of each change whether it came late."""
    if any(changelog.upsert for changelog in changelogs):
        raise SqlError(
            "a window over an upsert source is not supported yet",
            code="plan.upsert-source",
            where=where,
            detail="The source gives updates without the row that was before, and the old row "
            "may be in a window that is closed.",
            hint="Read the changes as debezium-json, which carries both images.",
        )


def retractable(node: Aggregate, where: TextWhere | None) -> None:
    """Aggregates over a changelog must be able to take rows back."""
    for call in node.aggregates:
        if call.user is not None and not has_retract(call.user):
            raise SqlError(
                f"{call.function} cannot take rows back, and its input is a changelog",
                code="plan.not-retractable",
                where=where,
                hint="Give its AggregateFunction a method `retract`.",
            )
        if call.function in ROW_AGGREGATES:
            check_distinct(call, True)
        declared = None if call.user is not None else AGGREGATES.get(call.function)
        if declared is not None and not declared.retractable:
            raise SqlError(
                f"{call.function} cannot take rows back, and its input is a changelog",
                code="plan.not-retractable",
                where=where,
            )


def sorted_changes(node: Sort, where: TextWhere | None) -> None:
    """ORDER BY and LIMIT are about rows, not about changes of rows."""
    if node.keys:
        return
    raise SqlError(
        "LIMIT over a changelog is not supported",
        code="plan.limit-over-changes",
        where=where,
        detail="The first changes are not those of the first rows: a row may be withdrawn later.",
        hint="Say which rows are the first: ORDER BY ... LIMIT.",
    )


def changes_in_timed_join(retracts: Sequence[bool], node: Join, what: str) -> None:
    """Joins that give each pair once cannot take it back; Flink refuses this too."""
    if any(retracts):
        side = "left" if retracts[0] else "right"
        raise SqlError(
            f"{what} takes inserts only, and its {side} input is a changelog",
            code="plan.join-over-changes",
            where=node.where,
            hint="Join without time in the condition (a regular join takes changes), or read the "
            "table as inserts.",
        )


def joined_windows(window: WindowSpec, node: Join) -> WindowGrid:
    """The windows within which a join can be run."""
    detail = None
    if window.kind is WindowKind.SESSION:
        what = "a join within SESSION windows"
        detail = "Flink 2.3 takes two sessions for one where only their ends are equal."
    elif window.time_attribute is TimeAttribute.PROCTIME:
        what = "a join within windows on processing time"
    else:
        return grid(window, node.where)
    raise SqlError(
        f"{what} is not supported",
        code="plan.unsupported-join",
        where=node.where,
        detail=detail,
        hint="TUMBLE, HOP and CUMULATE windows on event time can be joined.",
    )


def changelog_into_append_only(
    changelog: Changelog, takes: Changelog, sink: TableDescriptor, where: TextWhere | None
) -> None:
    """Updates need a sink that takes them."""
    if changelog.updates and not takes.updates:
        raise SqlError(
            f"sink `{sink.name}` only takes inserts, but the query also gives updates and deletes",
            code="plan.changelog-into-append-only",
            where=where,
            hint="Use a sink that takes changes (upsert-kafka, jdbc with a PRIMARY KEY, or the "
            "format debezium-json), or aggregate the changes in a window.",
        )


def sink_schema(fields: Fields, sink: TableDescriptor, where: TextWhere | None) -> None:
    """The query gives exactly the sink's columns."""
    columns = sink.schema.columns
    if len(fields) != len(columns):
        raise SqlError(
            f"the query gives {len(fields)} columns, but sink `{sink.name}` has {len(columns)}",
            code="plan.sink-schema-mismatch",
            where=where,
            hint="Sink columns: " + ", ".join(f"{c.name} {c.type}" for c in columns) + ".",
        )
    for given, wanted in zip(fields, columns, strict=True):
        if given.type.arrow() != wanted.type.arrow():
            raise SqlError(
                f"column `{wanted.name}` of sink `{sink.name}` is {wanted.type}, "
                f"but the query gives {given.type}",
                code="plan.sink-schema-mismatch",
                where=where,
                hint=f"CAST({given.name} AS {wanted.type.sql()})",
            )


def mergeable(node: Aggregate, where: TextWhere | None) -> None:
    """On Flink, windows that overlap or grow merge accumulators."""
    window = node.window
    if window is None or window.kind is WindowKind.TUMBLE:
        return
    for call in node.aggregates:
        user = call.user
        if user is not None and type(user.loaded.function).merge is AggregateFunction.merge:
            raise SqlError(
                f"{call.function} cannot be merged, and {window.kind.value} windows merge "
                "accumulators on Flink",
                code="plan.not-mergeable",
                where=where,
                hint="Give its AggregateFunction a method `merge`.",
            )


def has_retract(function: PythonFunction) -> bool:
    """Whether an aggregate function in Python can take rows back."""
    return type(function.loaded.function).retract is not AggregateFunction.retract
