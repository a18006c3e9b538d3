"""The options `scan.history.*` of one table, checked together with the table that they name."""

from __future__ import annotations

from dataclasses import replace

from tidemill.connectors.kafka.layout import layout
from tidemill.connectors.kafka.options import KafkaTable, parse_offsets, wrong
from tidemill.errors import ProjectError, did_you_mean
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.history import HISTORY_TABLE
from tidemill.model import ColumnKind, TableDescriptor, TypeRoot
from tidemill.model.lsn import lsn_of, lsn_text
from tidemill.records import dataclass

_TAKES = {
    "offset-columns": ("scan.history.partition-column", "scan.history.offset-column"),
    "specific-offsets": ("scan.history.specific-offsets",),
    "timestamp": ("scan.history.timestamp-millis",),
    "lsn": ("scan.history.lsn",),
}
"""The options that each fence needs."""
_PLACES = _TAKES["offset-columns"]
_INTEGERS = (TypeRoot.INTEGER, TypeRoot.BIGINT)


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """What divides the history of a table from its topic."""

    table: TableDescriptor
    """The history."""
    fence: str
    places: tuple[str, str] | None
    """The history's columns with partition and offset, where it has them."""
    offsets: dict[int, int] | None = None
    timestamp_ms: int | None = None
    lsn: int | None = None

    @property
    def lsn_shown(self) -> str | None:
        """The place in the log as Postgres writes it."""
        return None if self.lsn is None else lsn_text(self.lsn)


def history_options(table: KafkaTable, job: JobContext) -> HistoryOptions | None:
    """The checked options of a table; None where it has no history; ProjectError for wrong ones."""
    given = {key for key in table.values.given if key.startswith("scan.history.")}
    history = table.descriptor.history
    if history is None:
        if given:
            raise _wrong(table, f"`{min(given)}` needs '{HISTORY_TABLE}'", "Name the history.")
        return None
    fence = table.values["scan.history.fence"]
    if fence is None:
        raise _wrong(
            table,
            f"'{HISTORY_TABLE}' needs a fence",
            "Add 'scan.history.fence' = 'offset-columns' with the columns that hold each row's "
            "partition and offset, or another fence.",
        )
    _check_given(table, given, fence)
    _check_topic(table, job, fence)
    places = _places(table, history)
    _check_history(table, history, job)
    _check_columns(table, history)
    values = table.values
    offsets = None
    if fence == "specific-offsets":
        key = "scan.history.specific-offsets"
        offsets = parse_offsets(table.descriptor, key, values[key])
    return HistoryOptions(
        history,
        fence,
        places,
        offsets,
        values["scan.history.timestamp-millis"],
        _lsn(table) if fence == "lsn" else None,
    )


def without_history(table: TableDescriptor) -> TableDescriptor:
    """The table as its topic alone is read, from its first message where nothing else is said."""
    options = {k: v for k, v in table.options.items() if not k.startswith("scan.history.")}
    return replace(table, options={**options, "scan.startup.mode": "earliest-offset"}, history=None)


def _check_given(table: KafkaTable, given: set[str], fence: str) -> None:
    for key in _TAKES[fence]:
        if key not in given:
            raise _wrong(table, f"the fence `{fence}` needs `{key}`", f"Add '{key}' = '...'.")
    optional = () if fence == "lsn" else _PLACES
    allowed = {HISTORY_TABLE, "scan.history.fence", *_TAKES[fence], *optional}
    for key in sorted(given - allowed):
        raise _wrong(table, f"the fence `{fence}` takes no `{key}`", "Leave one of the two out.")
    for key in sorted(k for k in table.values.given if k.startswith("scan.startup.")):
        raise _wrong(
            table,
            f"`{key}` says nothing beside '{HISTORY_TABLE}': the topic goes on from the fence",
            "Leave it out.",
        )


def _check_topic(table: KafkaTable, job: JobContext, fence: str) -> None:
    if table.several_topics:
        raise _wrong(table, "a history belongs to a single topic", "Name one topic.")
    parts = layout(table, job)
    if fence == "lsn" and not parts.value_options["deduplicate"]:
        raise _wrong(
            table,
            f"the fence `lsn` needs changes of Debezium with their places, not the format "
            f"`{parts.value_factory.name}`",
            "Use 'format' = 'debezium-json' or 'debezium-avro-confluent', with its `deduplicate`.",
        )


def _places(table: KafkaTable, history: TableDescriptor) -> tuple[str, str] | None:
    named = [table.values[key] for key in _PLACES]
    if None in named:
        if named != [None, None]:
            raise _wrong(table, f"`{_PLACES[0]}` and `{_PLACES[1]}` need each other", "Set both.")
        return None
    columns = {column.name: column for column in history.schema.columns}
    for key, name in zip(_PLACES, named, strict=True):
        if name not in columns:
            raise _wrong(
                table,
                f"`{key}` names `{name}`, which `{history.name}` lacks",
                did_you_mean(name, columns) or f"Columns: {', '.join(columns)}.",
            )
        if columns[name].type.root not in _INTEGERS:
            raise _wrong(
                table,
                f"`{key}` names `{name}`, which is of type {columns[name].type.sql()}",
                "Declare it as INT or BIGINT.",
            )
    return named[0], named[1]


def _check_history(table: KafkaTable, history: TableDescriptor, job: JobContext) -> None:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - it lists this one, too

    connector = CONNECTORS[history.options["connector"]]
    bounded = connector.bounded
    if connector.source_changelog is None or bounded is None or not bounded(history, job):
        raise _wrong(
            table,
            f"the history `{history.name}` has no end",
            "A history is a bounded table: files, a version of a table of the lake, a table of "
            "Postgres.",
        )
    if connector.source_changelog(history, job).updates:
        raise _wrong(
            table,
            f"the history `{history.name}` is a changelog",
            "A history gives rows as they are, without updates.",
        )
    if table.values["scan.history.fence"] == "lsn" and connector.name == "jdbc":
        raise _wrong(
            table,
            f"the history `{history.name}` is read as the table is now, not as it was at the fence",
            "Read rows and changes with 'connector' = 'postgres-cdc', or the rows from a file that "
            "was written at that place of the log.",
        )


def _check_columns(table: KafkaTable, history: TableDescriptor) -> None:
    has = {column.name: column.type for column in history.schema.columns}
    for column in table.descriptor.schema.columns:
        found = has.get(column.name)
        if found is None:
            if column.kind is ColumnKind.METADATA and column.type.nullable:
                continue
            raise _wrong(
                table,
                f"the history `{history.name}` has no column `{column.name}`",
                did_you_mean(column.name, has)
                or f"Declare it there as {column.type.sql()}: rows of both have the same columns.",
            )
        same = found.with_nullable(True) == column.type.with_nullable(True)
        if not same or (found.nullable and not column.type.nullable):
            raise _wrong(
                table,
                f"`{column.name}` is {found.sql()} in the history `{history.name}` and "
                f"{column.type.sql()} here",
                "Declare both alike; a metadata column may be read through a computed one.",
            )


def _lsn(table: KafkaTable) -> int:
    text = str(table.values["scan.history.lsn"])
    try:
        return lsn_of(text)
    except ValueError:
        raise _wrong(
            table, f"`scan.history.lsn` is `{text}`", "It takes the form 0/16B3748."
        ) from None


def _wrong(table: KafkaTable, message: str, hint: str) -> ProjectError:
    return wrong(table.descriptor, message, hint)
