"""The options of `blackhole`, as in Flink: none of its own."""

from __future__ import annotations

from tidemill.interfaces.options import Option, OptionSet, OptionType, OptionValues
from tidemill.model import TableDescriptor

OPTIONS = OptionSet(
    "the blackhole connector",
    (
        Option("sink.parallelism", OptionType.INT, "Tunes only Flink.", ignored=True),
        Option("property-version", OptionType.INT, "Tunes only Flink.", ignored=True),
    ),
)


def parse(table: TableDescriptor) -> OptionValues:
    """The table's options, validated."""
    return OPTIONS.parse({k: v for k, v in table.options.items() if k != "connector"})
