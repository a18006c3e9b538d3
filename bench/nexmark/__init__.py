"""Nexmark: an auction site's persons, auctions and bids, and 22 questions about them.

`events.py` makes the endless, fixed sequence of events; `tables.sql` declares them as a table and
three views; `queries/` holds q0 to q22 (there is no q6: Flink cannot run it), each as the SELECT
alone. The same texts are proved equal on both engines by the tests and measured by `bench`.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
QUERIES: dict[str, Path] = {
    f"q{number}": HERE / "queries" / f"q{number}.sql" for number in range(23) if number != 6
}


def tables(source: dict[str, str]) -> str:
    """The declarations, with the source table's options."""
    options = ",\n  ".join(f"'{key}' = '{value}'" for key, value in source.items())
    return (HERE / "tables.sql").read_text(encoding="utf-8").replace("${source}", options)


def query(name: str) -> str:
    """A query's text, a SELECT without a semicolon; what it declares first stands before it."""
    return QUERIES[name].read_text(encoding="utf-8").strip().removesuffix(";")
