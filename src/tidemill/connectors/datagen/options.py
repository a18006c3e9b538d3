"""The options of `datagen`: Flink's, and `seed` and `start-time` of our own.

The options of one field, `fields.<name>.<option>`, are checked by the generators: a part of an
ARRAY is `<name>.element`, of a MAP `<name>.key` and `<name>.value`, of a ROW `<name>.<part>`.
"""

from __future__ import annotations

import datetime

from tidemill.errors import ProjectError
from tidemill.interfaces.options import (
    ENGINE_SOURCE_OPTIONS,
    Option,
    OptionSet,
    OptionType,
    OptionValues,
)
from tidemill.model import TableDescriptor
from tidemill.records import dataclass

OPTIONS = OptionSet(
    "the datagen connector",
    (
        Option("rows-per-second", OptionType.LONG, "Rows per second, at most.", default=10_000),
        Option("number-of-rows", OptionType.LONG, "Rows in all; without it the table never ends."),
        Option(
            "seed",
            OptionType.LONG,
            "Makes the random values repeatable (Tidemill only); by default one is drawn.",
        ),
        Option(
            "start-time",
            OptionType.STRING,
            "A UTC instant such as `2026-01-01 00:00:00` (Tidemill only): the clock of row i is "
            "this plus i / rows-per-second, instead of this machine's clock.",
        ),
        Option("scan.parallelism", OptionType.INT, "Tunes only Flink.", ignored=True),
        *ENGINE_SOURCE_OPTIONS,
    ),
    prefixes=("fields.",),
)


@dataclass(frozen=True, slots=True)
class DatagenOptions:
    """The parsed options of one table."""

    rows_per_second: int
    number_of_rows: int | None
    seed: int | None
    start_time_us: int | None
    fields: dict[str, str]


def parse(table: TableDescriptor) -> DatagenOptions:
    """The table's options, validated except for those of the fields."""
    return parse_with(OPTIONS, table)


def parse_with(options: OptionSet, table: TableDescriptor) -> DatagenOptions:
    """As `parse`, with these options, which have the same keys."""
    values = options.parse({k: v for k, v in table.options.items() if k != "connector"})
    _at_least(values, "rows-per-second", 1)
    _at_least(values, "number-of-rows", 0)
    return DatagenOptions(
        values["rows-per-second"],
        values["number-of-rows"],
        values["seed"],
        _instant_us(values["start-time"]),
        values.under("fields."),
    )


def _at_least(values: OptionValues, key: str, least: int) -> None:
    if values[key] is not None and values[key] < least:
        raise ProjectError(
            f"option `{key}` takes a number of at least {least}, not `{values[key]}`",
            code="connector.bad-option",
        )


def _instant_us(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise ProjectError(
            f"option `start-time` takes an instant, not `{text}`",
            code="connector.bad-option",
            hint="Write it as `2026-01-01 00:00:00`; it is read as UTC.",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return since // datetime.timedelta(microseconds=1)
