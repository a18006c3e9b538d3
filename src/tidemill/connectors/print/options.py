"""The options of `print`, under Flink's names."""

from __future__ import annotations

from tidemill.interfaces.options import Option, OptionSet, OptionType, OptionValues
from tidemill.model import TableDescriptor

OPTIONS = OptionSet(
    "the print connector",
    (
        Option("print-identifier", OptionType.STRING, "Text before each row, as `text> row`."),
        Option(
            "standard-error",
            OptionType.BOOLEAN,
            "Whether rows go to standard error instead of standard output.",
            default=False,
        ),
        Option("sink.parallelism", OptionType.INT, "Tunes only Flink.", ignored=True),
    ),
)


def parse(table: TableDescriptor) -> OptionValues:
    """The table's options, validated."""
    return OPTIONS.parse({k: v for k, v in table.options.items() if k != "connector"})
