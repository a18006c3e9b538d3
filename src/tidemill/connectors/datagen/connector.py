"""How `datagen` is registered."""

from __future__ import annotations

from tidemill.connectors.datagen.options import OPTIONS, parse
from tidemill.connectors.datagen.source import DatagenSource, generators
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor


def _bounded(table: TableDescriptor, job: JobContext) -> bool:
    _, rows_end = generators(table, parse(table), seed=0)
    return rows_end is not None


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    generators(table, parse(table), seed=0)
    return Changelog(updates=False)


CONNECTOR = Connector(
    name="datagen",
    options=OPTIONS,
    bounded=_bounded,
    source_changelog=_source_changelog,
    source=lambda table, job: DatagenSource(table),
)
"""The connector `datagen`."""
