"""What a Debezium connector for Postgres is given so that an idle table holds no log back.

Debezium confirms a place in the log only when a change of its tables comes. Where other tables are
written and its own are not, Postgres would keep its log without an end. A heartbeat writes a
message into the log itself (no table is needed), which reaches the connector as its tables' changes
do, and is confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

INTERVAL = "heartbeat.interval.ms"
TRUNCATES = "skipped.operations"
_PREFIX = "tidemill-heartbeat"
_ACTION = f"SELECT pg_logical_emit_message(false, '{_PREFIX}', now()::varchar)"
_V = TypeVar("_V")


def with_heartbeat(config: Mapping[str, str | _V], interval_ms: int) -> dict[str, str | _V]:
    """The configuration with heartbeats as far as it does not say itself how it wants them.

    An interval of 0, here or in the configuration, and one for no Postgres leave it as it is. So
    does `slot.drop.on.stop`: no slot is left to hold the log, and a place that was confirmed by a
    heartbeat would be looked for in a new slot that begins behind it.
    """
    made = dict(config)
    kind = config.get("connector.class")
    postgres = isinstance(kind, str) and kind.endswith("postgresql.PostgresConnector")
    dropped = str(config.get("slot.drop.on.stop", "")).lower() == "true"
    if not postgres or dropped or str(config.get(INTERVAL, interval_ms)) == "0":
        return made
    made.setdefault(INTERVAL, str(interval_ms))
    made.setdefault("heartbeat.action.query", _ACTION)
    if "logical_decoding_message.prefix.include.list" not in config:
        # Heard and confirmed, but no message of a topic.
        made.setdefault("logical_decoding_message.prefix.exclude.list", _PREFIX)
    return made


def with_truncates(config: Mapping[str, str | _V]) -> dict[str, str | _V]:
    """The configuration with TRUNCATE reported, unless it says itself which operations are not.

    Debezium leaves it out by default: a copy would keep all rows, and nobody would know.
    """
    made = dict(config)
    kind = config.get("connector.class")
    if isinstance(kind, str) and kind.endswith("postgresql.PostgresConnector"):
        made.setdefault(TRUNCATES, "none")
    return made
