"""How `blackhole` is registered."""

from __future__ import annotations

from tidemill.connectors.blackhole.options import OPTIONS, parse
from tidemill.connectors.blackhole.sink import BlackholeGroup
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor


def _sink_changelog(table: TableDescriptor, job: JobContext) -> Changelog:
    parse(table)
    return Changelog(updates=True)


CONNECTOR = Connector(
    name="blackhole",
    options=OPTIONS,
    sink_changelog=_sink_changelog,
    group_key=lambda table, job: "blackhole",
    commit_group=lambda tables, job: BlackholeGroup(tables),
)
"""The connector `blackhole`."""
