"""Where a table's changes cannot be read on, as errors that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from tidemill.connectors.postgres_cdc.changes import RowBeforeMissingError, UnchangedValueError
from tidemill.connectors.postgres_cdc.options import CdcOptions
from tidemill.errors import ConnectorError, Where
from tidemill.model.lsn import lsn_text

AGAIN = (
    "Take the rows anew: stop the pipeline, run `tidemill cdc resnapshot PIPELINE`, which drops "
    "the slot and the pipeline's state, and start it; then `tidemill reconcile` shows what the "
    "sink still holds of rows that were deleted meanwhile."
)


def no_row_before(options: CdcOptions, name: str) -> ConnectorError:
    """The error for a change without the whole row before it."""
    return ConnectorError(
        f"changes of {name} do not hold the row before",
        code="connector.row-before-missing",
        where=Where(server=options.shown, table=options.table.name),
        detail="A filter or a sum could not take the old row out.",
        hint=f"ALTER TABLE {name} REPLICA IDENTITY FULL; before the first change, or set "
        "'changelog-mode' = 'upsert' with the table's own primary key.",
    )


def lost(options: CdcOptions, what: str, detail: str) -> ConnectorError:
    """The error for a slot that cannot be gone on with."""
    return ConnectorError(
        f"the replication slot `{options.slot}` {what}",
        code="connector.slot-lost",
        where=Where(server=options.shown, table=options.table.name),
        detail=detail,
        hint=AGAIN,
    )


def in_use(options: CdcOptions, error: psycopg.Error) -> ConnectorError:
    """The error for a slot that another process reads."""
    return ConnectorError(
        f"the replication slot `{options.slot}` is read by another process",
        code="connector.slot-in-use",
        where=Where(server=options.shown, table=options.table.name),
        detail=str(error.diag.message_primary or error),
        hint="Give each table a slot of its own in 'slot.name', and stop the other reader.",
        retryable=True,
    )


def truncated(options: CdcOptions, lsn: int) -> ConnectorError:
    """The error for a table that was emptied without a word of its rows."""
    return ConnectorError(
        f"the Postgres table `{options.source.shown_table}` was emptied by TRUNCATE, and "
        "the log does not say which rows it held",
        code="connector.truncated",
        where=Where(server=options.shown, table=options.table.name),
        detail=f"At {lsn_text(lsn)}.",
        hint="Use DELETE where changes are captured. " + AGAIN,
    )


@contextlib.contextmanager
def explained(options: CdcOptions, lsn: int) -> Iterator[None]:
    """Changes up to `lsn` that cannot be made into rows, as errors."""
    name = options.source.shown_table
    try:
        yield
    except RowBeforeMissingError:
        raise no_row_before(options, name) from None
    except UnchangedValueError as error:
        raise ConnectorError(
            f"a change of `{name}` leaves out the value of `{error}`, which is large and did "
            "not change (TOAST)",
            code="connector.unchanged-value",
            where=Where(server=options.shown, table=options.table.name),
            detail=f"In the changes before {lsn_text(lsn)}; nothing is written for it.",
            hint=f"ALTER TABLE {name} REPLICA IDENTITY FULL; then Postgres writes such values "
            "with each change. " + AGAIN,
        ) from None
