"""What flows between operators: inserts only, or a changelog; and whether it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tidemill.errors import SqlError, TextWhere, TidemillError, did_you_mean
from tidemill.interfaces.connector import Changelog, Connector, JobContext
from tidemill.model import TableDescriptor
from tidemill.records import dataclass
from tidemill.sql.logical import LogicalNode, Scan, Values, inputs

APPEND_ONLY = Changelog(updates=False)


@contextmanager
def _placed(where: TextWhere | None) -> Iterator[None]:
    """A connector knows the table but not the text: its errors get the place of the use."""
    try:
        yield
    except TidemillError as error:
        error.where = error.where or where
        raise


@dataclass(frozen=True, slots=True)
class Tables:
    """Asks connectors about tables."""

    connectors: Mapping[str, Connector]
    context: JobContext

    def connector(self, table: TableDescriptor, where: TextWhere | None) -> Connector:
        """The connector of a table, or SqlError."""
        name = table.options.get("connector", "")
        found = self.connectors.get(name)
        if found is None:
            raise SqlError(
                f"table `{table.name}` names the unknown connector `{name}`",
                code="plan.unknown-connector",
                where=where,
                hint=did_you_mean(name, self.connectors)
                or f"Known connectors: {', '.join(sorted(self.connectors))}.",
            )
        return found

    def read(self, scan: Scan) -> Changelog:
        """Which changes a scan emits."""
        connector = self.connector(scan.table, scan.where)
        if connector.source is None or connector.source_changelog is None:
            raise SqlError(
                f"table `{scan.table.name}` cannot be read: "
                f"connector `{connector.name}` only writes",
                code="plan.not-readable",
                where=scan.where,
            )
        with _placed(scan.where):
            return connector.source_changelog(scan.table, self.context)

    def exclusive(self, table: TableDescriptor, where: TextWhere | None) -> str | None:
        """What no other source may read at the same time."""
        connector = self.connector(table, where)
        return None if connector.exclusive is None else connector.exclusive(table)

    def write(self, table: TableDescriptor, where: TextWhere | None) -> Changelog:
        """Which changes a sink takes."""
        connector = self.connector(table, where)
        if connector.commit_group is None or connector.sink_changelog is None:
            raise SqlError(
                f"table `{table.name}` cannot be written: connector `{connector.name}` only reads",
                code="plan.not-writable",
                where=where,
            )
        with _placed(where):
            return connector.sink_changelog(table, self.context)

    def bounded(self, node: LogicalNode) -> bool:
        """Whether a node's rows end."""
        if isinstance(node, Values):
            return True
        if isinstance(node, Scan):
            answer = self.connector(node.table, node.where).bounded
            return answer is not None and answer(node.table, self.context)
        return all(self.bounded(part) for part in inputs(node))
