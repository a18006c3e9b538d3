"""The board of Postgres: databases, connections, transactions, replication slots."""

from __future__ import annotations

from typing import Any

from boards.parts import BYTES, ROWS, board, lines, number


def make() -> Any:
    """The board."""
    made = board(
        "tidemill-postgres", "Tidemill: Postgres",
        "Databases, connections, transactions, and replication slots.",
        ("database", "tidemill_postgres_database_bytes"),
    )  # fmt: skip
    database = '{database=~"$database"}'
    panels = [
        number("Server", ROWS, 'tidemill_server_up{server="postgres"}', about="1 while ready."),
        number("Memory", BYTES, 'tidemill_server_memory_bytes{server="postgres"}'),
        number("Size", BYTES, "sum(tidemill_postgres_database_bytes)"),
        number("Connections", ROWS, "sum(tidemill_postgres_connections)"),
        number("Slots", ROWS, "count(tidemill_postgres_slot_active)"),
        number("Lost slots", ROWS, "sum(tidemill_postgres_slot_lost)"),
        lines("Transactions per second", ROWS, (
            "sum by (database, outcome) (rate(tidemill_postgres_transactions_total"
            f"{database}[$__rate_interval]))", "{{database}} {{outcome}}"), span=12),
        lines("Connections", ROWS, (
            f"tidemill_postgres_connections{database}", "{{database}}"), span=12),
        lines("Size of databases", BYTES, (
            f"tidemill_postgres_database_bytes{database}", "{{database}}"), span=12),
        lines("WAL held by slots", BYTES,
              ("tidemill_postgres_slot_wal_bytes", "{{slot}}"),
              ("tidemill_postgres_slot_wal_budget_bytes", "{{slot}} budget"), span=12),
        lines("Deadlocks", ROWS, (
            f"increase(tidemill_postgres_deadlocks_total{database}[$__rate_interval])",
            "{{database}}"), span=24),
    ]  # fmt: skip
    for panel in panels:
        made.with_panel(panel)
    return made
