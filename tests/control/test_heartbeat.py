"""Which connectors are given heartbeats, and what of theirs is kept."""

from __future__ import annotations

import pytest

from tidemill.control.cdc.heartbeat import INTERVAL, TRUNCATES, with_heartbeat, with_truncates

POSTGRES = {"connector.class": "io.debezium.connector.postgresql.PostgresConnector"}


def test_a_connector_for_postgres_gets_them() -> None:
    made = with_heartbeat(POSTGRES, 5000)
    assert made[INTERVAL] == "5000"
    assert "pg_logical_emit_message" in made["heartbeat.action.query"]
    assert with_heartbeat({**POSTGRES, INTERVAL: "7"}, 5000)[INTERVAL] == "7"


@pytest.mark.parametrize(
    "config",
    [
        {"connector.class": "io.debezium.connector.mysql.MySqlConnector"},
        {**POSTGRES, INTERVAL: "0"},
        {**POSTGRES, "slot.drop.on.stop": "true"},
    ],
)
def test_others_stay_as_they_are(config: dict[str, str]) -> None:
    assert with_heartbeat(config, 5000) == config
    assert with_heartbeat(POSTGRES, 0) == POSTGRES


def test_a_truncate_is_reported_unless_the_file_says_otherwise() -> None:
    assert with_truncates(POSTGRES)[TRUNCATES] == "none"
    assert with_truncates({**POSTGRES, TRUNCATES: "t"})[TRUNCATES] == "t"
    other = {"connector.class": "io.debezium.connector.mysql.MySqlConnector"}
    assert with_truncates(other) == other
