"""How `faker` is registered."""

from __future__ import annotations

from tidemill.connectors.faker.options import OPTIONS, parse
from tidemill.connectors.faker.source import FakerSource, generators
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor


def _bounded(table: TableDescriptor, job: JobContext) -> bool:
    return parse(table).number_of_rows is not None


def _source_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    generators(table, parse(table), seed=0)
    return Changelog(updates=False)


CONNECTOR = Connector(
    name="faker",
    options=OPTIONS,
    bounded=_bounded,
    source_changelog=_source_changelog,
    source=lambda table, job: FakerSource(table),
)
"""The connector `faker`."""
