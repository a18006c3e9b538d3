"""The two sides of a comparison: the source in Postgres, and the sink in whatever store it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.connectors.jdbc.connection import Login
from tidemill.connectors.jdbc.keyed_sums import KeyedSums
from tidemill.connectors.jdbc.options import parse as parse_jdbc
from tidemill.connectors.jdbc.portable import PORTABLE
from tidemill.connectors.postgres_cdc.options import parse as parse_cdc
from tidemill.control.reconcile.copied import CopiedSums, CopyPlan
from tidemill.control.reconcile.portable import KEYS
from tidemill.control.reconcile.read_back import KAFKA, bounded_options
from tidemill.control.reconcile.side import Side
from tidemill.errors import ProjectError, UserError, Where
from tidemill.interfaces.connector import JobContext
from tidemill.model import Column, Schema, TableDescriptor

POSTGRES = ("jdbc", "postgres-cdc")


def keyed(
    table: TableDescriptor,
    columns: Sequence[Column],
    key: tuple[str, ...],
    *,
    portable: bool = False,
) -> KeyedSums:
    """The table, opened as its connector does; UserError where it is not in Postgres."""
    connector = table.options["connector"]
    narrowed = replace(table, schema=Schema(tuple(columns)), primary_key=key)
    if connector == "jdbc":
        options = parse_jdbc(table)
        return KeyedSums(Login.of(options), options, narrowed, columns, portable=portable)
    if connector == "postgres-cdc":
        cdc = parse_cdc(table)
        return KeyedSums(cdc.login, cdc.source, narrowed, columns, portable=portable)
    raise _refused(
        table,
        f"`{table.name}` is of connector `{connector}`, and has no place in a log of Postgres",
        "The table of --against has to be of jdbc or postgres-cdc: declare the table that is "
        "captured as one of jdbc, too. Or let the pipeline catch up, and compare without --live.",
    )


def sink_side(
    sink: TableDescriptor, columns: Sequence[Column], key: tuple[str, ...], wait_s: float
) -> Side:
    """The sink: asked where it is in Postgres, else read; UserError where neither can be.

    Args:
        sink: its options as it is opened.
        columns: those that are compared.
        key: the columns of its key.
        wait_s: how long a topic may give nothing before its end.
    """
    if sink.options["connector"] in POSTGRES:
        return keyed(sink, columns, key)
    from tidemill.formats import FORMATS  # noqa: PLC0415 - loaded when used

    context = JobContext("reconcile", FORMATS)
    plan = _copy_plan(sink, context)
    for column in columns:
        known = KEYS if column.name in key else PORTABLE
        if column.type.root not in known:
            raise _refused(
                sink,
                f"`{column.name}` of `{sink.name}` is {column.type.sql()}, of which no sum can be "
                "compared between Postgres and another store"
                + (", as part of a key" if column.name in key else ""),
                "Compare without --live.",
            )
    return CopiedSums(plan, columns, context, wait_s)


def _copy_plan(sink: TableDescriptor, context: JobContext) -> CopyPlan:
    from tidemill.connectors import CONNECTORS  # noqa: PLC0415 - loaded when used

    name = sink.options["connector"]
    connector, table = CONNECTORS[name], bounded_options(sink)
    if connector.source is None or connector.source_changelog is None or connector.bounded is None:
        raise _refused(sink, f"`{sink.name}` is of connector `{name}`, which has no end to read to")
    try:
        is_bounded = connector.bounded(table, context)
        changelog = connector.source_changelog(table, context)
    except ProjectError as error:
        raise _refused(
            sink, f"`{sink.name}` cannot be read back: {error.message}", error.hint or ""
        ) from error
    if not is_bounded:
        raise _refused(sink, f"`{sink.name}` is of connector `{name}`, which has no end to read to")
    if sink.options.get("ttl"):
        raise _refused(sink, f"the keys of `{sink.name}` expire by its 'ttl', so some are missing")
    if name in KAFKA and (";" in sink.options.get("topic", ";") or "topic-pattern" in sink.options):
        raise _refused(
            sink,
            f"`{sink.name}` has several topics, whose changes have no order among each other",
            "Declare a table of one topic.",
        )
    return CopyPlan(sink, connector, name in KAFKA, changelog.upsert)


def _refused(table: TableDescriptor, message: str, hint: str = "") -> UserError:
    return UserError(
        message,
        code="reconcile.not-live",
        where=Where(table=table.name),
        hint=hint
        or "Sinks of jdbc, kafka, upsert-kafka, filesystem, iceberg, delta and redis "
        "can be compared with --live.",
    )
