"""Where a Debezium change event stands in the database's log.

Known for the Postgres connector, which writes `source.sequence` as `["<end of the last commit>",
"<lsn>"]`. Compared in that order it never falls: transactions come in the order of their commits,
the changes of one transaction in the order of their LSNs. One LSN can hold hundreds of changes (all
rows of one multi-insert record, as COPY writes them), and a change of a primary key is two.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tidemill.interfaces.format import Change
from tidemill.interfaces.options import Option, OptionType

DEDUPLICATE = Option(
    "deduplicate",
    OptionType.BOOLEAN,
    "Drop events that Debezium sends a second time after a restart (Tidemill's own; needs "
    "a connector that writes `source.lsn`, as the one for Postgres does).",
    default=True,
)
"""The option of the formats that carry such events."""

_STREAMED = ("false", False, None)
_BESIDES = ("incremental",)
"""Snapshot rows that come between streamed changes and leave the order alone."""


class Source(msgspec.Struct, gc=False):
    """The members of Debezium's `source` that tell the order."""

    name: str | None = None
    db: str | None = None
    connector: str | None = None
    lsn: int | None = None
    sequence: str | None = None
    snapshot: str | bool | None = None
    ts_ms: int | None = None


_FROM_RAW = msgspec.json.Decoder(Source | None)


def change_of(source: Any, operation: str) -> Change | None:
    """The place of an event, or None where its source does not tell."""
    if isinstance(source, msgspec.Raw):
        try:
            source = _FROM_RAW.decode(source)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
    if source is None or source.connector != "postgresql" or source.lsn is None:
        return None
    snapshot = source.snapshot
    if snapshot in _BESIDES:
        return None
    commit, _, change = (source.sequence or "")[1:-1].partition(",")
    try:
        return Change(
            f"{source.name}/{source.db}",
            0 if commit == "null" else int(commit.strip('" ')),
            source.lsn if change == "null" else int(change.strip('" ')),
            source.ts_ms or 0,
            operation,
            snapshot not in _STREAMED,
        )
    except ValueError:
        return None
