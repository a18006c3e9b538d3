"""What can be read again of the input that a pipeline has passed, and what of it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.control.account import offset_of
from tidemill.interfaces.connector import JobContext
from tidemill.model import Position, TableDescriptor
from tidemill.records import dataclass

KAFKA = ("kafka", "upsert-kafka")


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """One partition that is read again, from `start` up to `end`, where reading goes on later.

    Both are the source's own positions; `records` is how many at most, None where nobody knows.
    """

    table: str
    partition: str
    start: Position
    end: Position
    records: int | None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "table": self.table, "partition": self.partition, "from": self.start, "to": self.end,
            "records": self.records,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """The past of one table: what is read again, and why that is not all of it, if it is not.

    `possible`: whether anything can be read again.
    """

    reads: tuple[ReadAgain, ...]
    missing: str | None = None
    possible: bool = True


def past_of(
    table: TableDescriptor, positions: Mapping[str, Position], records: int, context: JobContext
) -> Input:
    """The past of a table that was read up to these positions; `records` is how many it gave.

    Raises ConnectorError where the store cannot be asked.
    """
    connector = table.options["connector"]
    if table.history is not None:
        why = f"what lies before the fence came from the history `{table.history.name}`"
        return Input((), why, possible=False)
    if connector in KAFKA:
        return _topics(table, positions, context)
    if connector == "filesystem":
        return _files(table, positions, records)
    return Input((), f"what `{connector}` has given once it does not give again", possible=False)


def _topics(
    table: TableDescriptor, positions: Mapping[str, Position], context: JobContext
) -> Input:
    from tidemill.connectors.kafka.connector import parse_any  # noqa: PLC0415 - client library
    from tidemill.connectors.kafka.history import history  # noqa: PLC0415

    found = history(parse_any(table, context))
    if not found.fixed:
        mode = table.options.get("scan.startup.mode", "group-offsets")
        why = f"with 'scan.startup.mode' = '{mode}' nobody knows where reading had begun"
        return Input((), why, possible=False)
    reads, missing = [], None
    for name in sorted(positions, key=_by_number):
        end, begin = offset_of(positions[name]), found.begins.get(name)
        if begin is None:
            return Input((), f"partition {name} is gone", possible=False)
        if not begin.whole and missing is None:
            missing = f"partition {name} begins at offset {begin.first:,} by now"
        start = min(begin.start, end)
        reads.append(ReadAgain(table.name, name, start, end, end - start))
    if found.compacted and missing is None:
        missing = "the topic is compacted: it has only the last value of each key"
    return Input(tuple(reads), missing)


def _by_number(name: str) -> tuple[str, int]:
    topic, _, number = name.rpartition(":")
    return topic, int(number)


def _files(table: TableDescriptor, positions: Mapping[str, Position], records: int) -> Input:
    gone = [name for name in positions if "://" not in name and not Path(name).exists()]
    missing = f"the file {gone[0]} is gone" if gone else None
    reads = [
        ReadAgain(table.name, name, None, position, records if len(positions) == 1 else None)
        for name, position in sorted(positions.items())
        if name not in gone
    ]
    return Input(tuple(reads), missing)
