"""The source of `faker`: that of `datagen`, with other generators."""

from __future__ import annotations

from tidemill.connectors.datagen.options import DatagenOptions
from tidemill.connectors.datagen.scalars import Generate
from tidemill.connectors.datagen.source import DatagenSource
from tidemill.connectors.faker.fields import Expressions, field_generator
from tidemill.connectors.faker.options import parse
from tidemill.model import TableDescriptor


def generators(
    table: TableDescriptor, options: DatagenOptions, seed: int
) -> tuple[list[Generate], int | None]:
    """The generators of the table's columns, and how many rows there are in all."""
    given = Expressions(options.fields, seed)
    made = [field_generator(c.type, c.name, given) for c in table.schema.columns]
    given.refuse_leftovers()
    return made, options.number_of_rows


class FakerSource(DatagenSource):
    """Makes rows from a position on, no faster than `rows-per-second`; see `DatagenSource`."""

    def __init__(self, table: TableDescriptor) -> None:
        super().__init__(table, parse, generators)
