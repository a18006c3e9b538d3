"""How many expressions of the parity corpus use each function; all of them agree with Flink."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidemill.connectors import CONNECTORS
from tidemill.formats import FORMATS
from tidemill.sql import compile_script
from tidemill.sql.expressions import AggregateCall, Call, Cast

CORPUS = Path(__file__).parents[1] / "tests" / "parity"
TOPICS = (
    "functions/*.sql", "aggregates/*.sql", "streams/ordered*.sql", "windows/current_watermark.sql",
)  # fmt: skip


def parity_counts() -> Counter[str]:
    """Uses of each function by its canonical name, casts as CAST and TRY_CAST."""
    counts: Counter[str] = Counter()
    for pattern in TOPICS:
        for path in sorted(CORPUS.glob(pattern)):
            script = compile_script(path.read_text("utf-8"), path.name, CONNECTORS, FORMATS)
            for select in script.selects:
                counts.update(_functions(select.query))
    return counts


def _functions(node: Any) -> Iterator[str]:
    if isinstance(node, Call | AggregateCall):
        yield node.function
    elif isinstance(node, Cast):
        yield "TRY_CAST" if node.safe else "CAST"
    if isinstance(node, tuple | list):
        for item in node:
            yield from _functions(item)
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _functions(getattr(node, field.name))
