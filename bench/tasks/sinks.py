"""A SELECT becomes a job: an INSERT into a sink of its columns that takes rows and keeps none."""

from __future__ import annotations

from tidemill.connectors import CONNECTORS
from tidemill.formats import FORMATS
from tidemill.sql import compile_script


def with_sink(declared: str, select: str) -> str:
    """The whole text."""
    text = select.strip().removesuffix(";")
    script = compile_script(f"{declared}\n{text};\n", "bench", CONNECTORS, FORMATS)
    columns = ", ".join(f"`{c.name}` {c.type.sql()}" for c in script.selects[0].schema.columns)
    sink = f"CREATE TABLE nowhere ({columns}) WITH ('connector' = 'blackhole');"
    return f"{declared}\n{sink}\nINSERT INTO nowhere\n{text};\n"
