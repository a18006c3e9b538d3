"""Dropping a slot that its reader is about to let go of."""

from __future__ import annotations

import time

from tidemill.connectors.jdbc.server_stats import PostgresLogin, drop_slot
from tidemill.errors import UserError, Where

_RELEASED_WITHIN_S = 30.0
_POLL_S = 0.2


def drop_released(login: PostgresLogin, slot: str, within_s: float = _RELEASED_WITHIN_S) -> None:
    """Drop a slot as soon as nobody reads it; UserError where somebody still does."""
    limit = time.monotonic() + within_s
    while not drop_slot(login, slot):
        if time.monotonic() > limit:
            raise UserError(
                f"the slot {slot} is still read by somebody",
                code="control.timeout",
                where=Where(server="postgres"),
                hint="Stop its reader; see pg_stat_replication.",
            )
        time.sleep(_POLL_S)
