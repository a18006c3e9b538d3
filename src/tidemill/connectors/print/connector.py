"""How `print` is registered."""

from __future__ import annotations

from tidemill.connectors.print.options import OPTIONS, parse
from tidemill.connectors.print.sink import PrintGroup
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    parse(table)
    return Changelog(updates=True)


CONNECTOR = Connector(
    name="print",
    options=OPTIONS,
    sink_changelog=_sink_changelog,
    group_key=lambda table, job: "print",
    commit_group=lambda tables, job: PrintGroup(tables),
)
"""The connector `print`."""
