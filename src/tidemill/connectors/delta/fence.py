"""The right of one process to commit for one job, kept in the log as application transactions.

`tidemill:<job>` has the last epoch as its version, `tidemill-fence:<job>` a number that rises with
each process that opens the table. A commit holds both. Delta lets of two commits that hold the same
application's transaction only the first in, so a process that another one followed fails, also
where it read the log before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.connectors.delta.client import translated
from tidemill.connectors.delta.options import DeltaOptions
from tidemill.connectors.lake.pauses import busy, rests
from tidemill.errors import ConnectorError, Where

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

EPOCH = "tidemill:"
FENCE = "tidemill-fence:"


class Fence:
    """One process of a job at one table."""

    def __init__(self, options: DeltaOptions, job: str) -> None:
        self._options = options
        self._job = job
        self._number: int | None = None

    def take(self, table: DeltaTable) -> int | None:
        """Shut out all older processes of the job; return the epoch that is committed."""
        from deltalake.exceptions import CommitFailedError  # noqa: PLC0415 - an extra

        for _ in rests():
            with translated(self._options):
                table.update_incremental()
                self._number = (table.transaction_version(FENCE + self._job) or 0) + 1
                epoch = table.transaction_version(EPOCH + self._job)
                try:
                    table.create_write_transaction(
                        [],
                        "append",
                        table.schema(),
                        partition_by=list(table.metadata().partition_columns),
                        commit_properties=self._properties(None),
                    )
                except CommitFailedError:
                    continue
                table.update_incremental()
                return None if epoch is None else int(epoch)
        raise busy(self._options.shown, self._options.table.name)

    def properties(self, epoch: int) -> CommitProperties:
        """What a commit of an epoch holds beside its files."""
        return self._properties(epoch)

    def _properties(self, epoch: int | None) -> CommitProperties:
        from deltalake import CommitProperties, Transaction  # noqa: PLC0415 - an extra

        assert self._number is not None
        transactions = [Transaction(FENCE + self._job, self._number)]
        told: dict[str, object] = {"tidemillJob": self._job}
        if epoch is not None:
            transactions.append(Transaction(EPOCH + self._job, epoch))
            told["tidemillEpoch"] = epoch
        return CommitProperties(custom_metadata=told, app_transactions=transactions)

    def check(self, table: DeltaTable, epoch: int) -> None:
        """Raise where the log, as it was read last, has a newer process."""
        if table.transaction_version(FENCE + self._job) == self._number:
            return
        raise ConnectorError(
            f"a newer process of this job writes to {self._options.shown}",
            code="connector.fenced",
            where=Where(table=self._options.table.name, file=self._options.uri),
            detail=f"Job `{self._job}`, epoch {epoch}: nothing of it was committed here.",
            hint="Let one of the two processes run and stop the other.",
        )
