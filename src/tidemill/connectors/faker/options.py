"""The options of `faker`: Flink's, and `seed` and `start-time` of our own."""

from __future__ import annotations

from dataclasses import replace

from tidemill.connectors.datagen.options import OPTIONS as DATAGEN
from tidemill.connectors.datagen.options import DatagenOptions, parse_with
from tidemill.model import TableDescriptor

OPTIONS = replace(DATAGEN, owner="the faker connector")


def parse(table: TableDescriptor) -> DatagenOptions:
    """The table's options, validated except for those of the fields."""
    return parse_with(OPTIONS, table)
