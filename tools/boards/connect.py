"""The board of Kafka Connect: its connectors and tasks, and the slots that Debezium reads."""

from __future__ import annotations

from typing import Any

from boards.parts import BYTES, ROWS, board, lines, number


def make() -> Any:
    """The board."""
    made = board(
        "tidemill-connect", "Tidemill: Kafka Connect",
        "Connectors, tasks, and the WAL that replication slots hold.",
        ("connector", "tidemill_connector_state"),
    )  # fmt: skip
    panels = [
        number("Worker", ROWS, 'tidemill_server_up{server="connect"}', about="1 while ready."),
        number("Memory", BYTES, 'tidemill_server_memory_bytes{server="connect"}'),
        number("Restarts", ROWS, 'tidemill_server_restarts_total{server="connect"}'),
        number("Running tasks", ROWS, 'sum(tidemill_connector_task_state{state="RUNNING"})'),
        number("Failed tasks", ROWS, 'sum(tidemill_connector_task_state{state="FAILED"})'),
        number("Unread slots", ROWS, "count(tidemill_postgres_slot_active == 0) or vector(0)"),
        lines("State of tasks", ROWS, (
            'sum by (connector, state) (tidemill_connector_task_state{connector=~"$connector"})'
            " > 0", "{{connector}} {{state}}"), span=12),
        lines("WAL held by slots", BYTES,
              ("tidemill_postgres_slot_wal_bytes", "{{slot}}"),
              ("tidemill_postgres_slot_wal_budget_bytes", "{{slot}} budget"), span=12),
        lines("Not confirmed", BYTES, (
            "tidemill_postgres_slot_unconfirmed_bytes", "{{slot}}"), span=24),
    ]  # fmt: skip
    for panel in panels:
        made.with_panel(panel)
    return made
