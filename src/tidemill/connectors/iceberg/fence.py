"""The right of one process to commit for one job, kept in the properties of the table.

The property `tidemill.job.<job>` holds `{"process": ..., "epoch": ...}`. Opening writes another
process into it. A commit demands, in the catalog's own compare-and-swap, that the property is what
this process wrote last, and replaces it together with the new snapshot: so the epoch's number and
its rows are in at once, and whoever was shut out cannot commit. Properties outlive the expiry of
snapshots, whose summaries name job and epoch too.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from tidemill.connectors.iceberg.catalog import translated
from tidemill.connectors.iceberg.commits import commit, conflicts
from tidemill.connectors.iceberg.options import IcebergOptions
from tidemill.connectors.lake.pauses import busy, pauses_s
from tidemill.errors import ConnectorError, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyiceberg.table import Table, Transaction

PREFIX = "tidemill.job."


class Fence:
    """One process of a job at one table."""

    def __init__(self, options: IcebergOptions, job: str) -> None:
        self._options = options
        self._job = job
        self.key = PREFIX + job
        self._held: str | None = None

    def take(self, table: Table) -> int | None:
        """Shut out all older processes of the job; return the epoch that is committed."""
        process = secrets.token_hex(8)
        for pause in pauses_s():
            found = table.properties.get(self.key)
            epoch = self._epoch(found)
            mine = json.dumps({"process": process, "epoch": epoch})
            transaction = table.transaction().set_properties({self.key: mine})
            with translated(self._options), conflicts(table, pause) as clash:
                commit(table, transaction, self.key, found)
            if not clash.met:
                self._held = mine
                return epoch
        raise busy(self._options.shown, self._options.table.name)

    def _epoch(self, text: str | None) -> int | None:
        if text is None:
            return None
        try:
            epoch = json.loads(text)["epoch"]
            return None if epoch is None else int(epoch)
        except (ValueError, KeyError, TypeError) as error:
            raise ConnectorError(
                f"the property `{self.key}` of {self._options.shown} is damaged: `{text[:80]}`",
                code="connector.store-error",
                where=Where(table=self._options.table.name, server=self._options.shown),
                hint="It says which epoch is committed here. Restore it, or remove it to begin "
                "anew; then rows may be written twice.",
            ) from error

    def advance(self, table: Table, epoch: int, stage: Callable[[Transaction], None]) -> bool:
        """Commit what `stage` stages together with the epoch; False after a conflict.

        After a conflict the table is refreshed. Raises `connector.fenced` where a newer process
        took over.
        """
        if self._held is None or table.properties.get(self.key) != self._held:
            raise self._fenced(epoch)
        process = json.loads(self._held)["process"]
        mine = json.dumps({"process": process, "epoch": epoch})
        transaction = table.transaction()
        stage(transaction)
        transaction.set_properties({self.key: mine})
        with conflicts(table, 0.0) as clash:
            commit(table, transaction, self.key, self._held)
        if clash.met:
            return False
        self._held = mine
        return True

    def _fenced(self, epoch: int) -> ConnectorError:
        return ConnectorError(
            f"a newer process of this job writes to {self._options.shown}",
            code="connector.fenced",
            where=Where(table=self._options.table.name, server=self._options.shown),
            detail=f"Job `{self._job}`, epoch {epoch}: nothing of it was committed here.",
            hint="Let one of the two processes run and stop the other.",
        )
