"""Nexmark's queries as parity cases over one frozen sequence of events.

The results are too many rows to keep: the golden file holds each query's number of rows and a hash
of what its changelog comes to, and only Flink writes it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import duckdb
from bench.nexmark import QUERIES, query, tables
from bench.nexmark.events import lines
from corpus import type_text

from tidemill.connectors import CONNECTORS
from tidemill.control.parity.compare import materialise
from tidemill.control.parity.embedded import EmbeddedRun, run_script
from tidemill.control.parity.on_flink import run_on_flink
from tidemill.control.parity.results import Change, QueryResult
from tidemill.formats import FORMATS
from tidemill.model import RowKind
from tidemill.runners.flink import Gateway, cut
from tidemill.sql import compile_script

EVENTS = 3_000
GAP_US = 20_000
"""Twenty milliseconds apart, no two events share a time, so that no result hangs on their order."""
FROZEN = "6402db62928ea15256457def261b43f12869d1db4446e17bddb083bf4318a695"
"""SHA-256 of the file: another generator or another DuckDB would be another benchmark."""
GOLDEN = Path(__file__).parent / "nexmark.golden.json"


def write_events(folder: Path) -> Path:
    """The frozen file."""
    file = folder / "nexmark.jsonl"
    text = "\n".join(lines(0, EVENTS, duckdb.connect(), GAP_US)) + "\n"
    assert hashlib.sha256(text.encode()).hexdigest() == FROZEN
    file.write_text(text, encoding="utf-8")
    return file


def text(name: str, file: Path, declared: str = "") -> str:
    """A query as a script over the frozen file; `declared` is what it needs beside the views."""
    source = {"connector": "filesystem", "path": str(file), "format": "json"}
    mode = "SET 'execution.runtime-mode' = 'streaming';\n"
    asked = query(name)
    if name == "q12":
        # The clock decides what comes out of ten seconds; of a day nothing does before the input
        # ends. `windows/` has the cases of windows on processing time that close.
        asked = asked.replace("INTERVAL '10' SECOND", "INTERVAL '1' DAY")
    return mode + tables(source) + declared + asked + ";\n"


def embedded(text: str, folder: Path, how: EmbeddedRun | None = None) -> QueryResult:
    """Run a query on the embedded engine."""
    script = compile_script(text, "nexmark", CONNECTORS, FORMATS)
    (result,) = run_script(script, lambda table: table, folder, how)
    assert not result.refused
    return result


UPSERTED = {"q9": 0}
"""Queries whose changes Flink gives as upserts, and the column that is their key: where only the
first row of a partition is kept, it sends a +U without the -U before it."""


def on_flink(name: str, text: str, gateway: Gateway) -> QueryResult:
    """Run a query on Flink."""
    (result,) = run_on_flink(gateway, cut(text, "nexmark"))
    if name not in UPSERTED:
        return result
    rows = {change.values[UPSERTED[name]]: change.values for change in result.changes}
    assert all(change.kind in (RowKind.INSERT, RowKind.UPDATE_AFTER) for change in result.changes)
    return replace(result, changes=[Change(RowKind.INSERT, values) for values in rows.values()])


def digest(result: QueryResult) -> dict[str, object]:
    """What a result comes to: columns, number of rows, and a hash of the rows in any order."""
    rows, illegal = materialise(result)
    assert not illegal, illegal[:3]
    whole = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    columns = [f"{n} {type_text(t)}" for n, t in zip(result.names, result.types, strict=True)]
    return {"columns": columns, "rows": len(rows), "sha256": whole}


def golden() -> dict[str, dict[str, object]]:
    """The digests that Flink's results had."""
    found: dict[str, dict[str, object]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return found


def write_golden(name: str, found: dict[str, object]) -> None:
    """Keep a digest; only of Flink's results."""
    known = golden() if GOLDEN.exists() else {}
    known[name] = found
    ordered = {name: known[name] for name in QUERIES if name in known}
    GOLDEN.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
