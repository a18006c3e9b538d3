"""The table `tidemill_epochs`: which epoch each job has committed here, and who may commit next.

One row per job and user. `fence` rises with every process that opens the job's sinks; a commit is
made only under the fence that its process took, in the same transaction as the rows.
"""

from __future__ import annotations

import hashlib

import psycopg

from tidemill.connectors.jdbc.connection import Connection
from tidemill.errors import ConnectorError, Where

EPOCHS = "tidemill_epochs"
CREATE_EPOCHS = """
CREATE TABLE IF NOT EXISTS tidemill_epochs (
  job text PRIMARY KEY,
  epoch bigint,
  fence bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
)
"""
_TAKE = """
INSERT INTO tidemill_epochs AS e (job, fence) VALUES (%s, 1)
ON CONFLICT (job) DO UPDATE SET fence = e.fence + 1, updated_at = now()
RETURNING e.epoch, e.fence
"""
_ADVANCE = """
UPDATE tidemill_epochs SET epoch = %s, updated_at = now() WHERE job = %s AND fence = %s
"""
_END_ZOMBIES = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %s AND pid <> pg_backend_pid() AND usename = current_user
  AND datname = current_database() AND xact_start IS NOT NULL
"""


def application_name(job: str) -> str:
    """The name under which all processes of one job appear to Postgres."""
    return f"tidemill {hashlib.blake2b(job.encode(), digest_size=8).hexdigest()}"


class Fence:
    """The right of one process to commit for one job."""

    def __init__(self, job: str, application: str) -> None:
        self._job = job
        self._application = application
        self._fence = 0

    def take(self, connection: Connection) -> int | None:
        """Shut out all older processes of the job; return the epoch that is committed.

        An older process that is in the middle of a transaction has its session ended, so that the
        locks of its rows are free; one that is idle finds out when it commits.
        """
        self._end_zombies(connection)
        with connection.transaction():
            exists = connection.execute("SELECT to_regclass('tidemill_epochs')").fetchone()
            if exists is None or exists[0] is None:
                connection.execute("SELECT pg_advisory_xact_lock(hashtext('tidemill_epochs'))")
                self._create(connection)
            row = connection.execute(_TAKE, (self._job,)).fetchone()
        self._end_zombies(connection)
        assert row is not None
        epoch, fence = row
        self._fence = int(str(fence))
        return None if epoch is None else int(str(epoch))

    def _create(self, connection: Connection) -> None:
        try:
            connection.execute(CREATE_EPOCHS)
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConnectorError(
                "the table `tidemill_epochs` cannot be created for lack of rights",
                code="connector.login-refused",
                detail="It holds the number of the last epoch, in the transaction of the rows.",
                hint="Grant CREATE on the schema, or let its owner run:"
                f"{CREATE_EPOCHS}and grant SELECT, INSERT and UPDATE on it.",
            ) from error

    def _end_zombies(self, connection: Connection) -> None:
        connection.execute(_END_ZOMBIES, (self._application,))

    def advance(self, connection: Connection, epoch: int, shown: str) -> None:
        """Note the epoch in the open transaction; raises where a newer process took over."""
        if connection.execute(_ADVANCE, (epoch, self._job, self._fence)).rowcount == 1:
            return
        raise ConnectorError(
            f"a newer process of this job writes to {shown}",
            code="connector.fenced",
            where=Where(server=shown),
            detail=f"Job `{self._job}`, epoch {epoch}: nothing of it was committed here.",
            hint="Let one of the two processes run and stop the other.",
        )
