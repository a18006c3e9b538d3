"""Random rows: nulls, edges, duplicates and disorder; two tables of events, one of changes."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLUMNS: dict[str, str] = {
    "id": "INT",
    "k": "STRING",
    "b": "BOOLEAN",
    "ti": "TINYINT",
    "si": "SMALLINT",
    "i": "INT",
    "l": "BIGINT",
    "f": "FLOAT",
    "d": "DOUBLE",
    "c": "DECIMAL(10, 2)",
    "e": "DECIMAL(20, 4)",
    "s": "STRING",
    "v": "VARCHAR(6)",
    "x": "BYTES",
    "dd": "DATE",
    "tt": "TIME(0)",
    "ts": "TIMESTAMP(3)",
    "tz": "TIMESTAMP_LTZ(3)",
    "a": "ARRAY<INT>",
    "m": "MAP<STRING, INT>",
    "r": "ROW<p INT, q STRING>",
}
ROWTIME = "at"
CHANGED: tuple[str, ...] = ("id", "k", "b", "i", "l", "d", "c", "s", "dd", "ts")
"""The columns of the table of changes."""

_START = dt.datetime(2024, 2, 28, 23, 59, 50, tzinfo=dt.UTC)
_TEXTS = ("", "a", "Ab", "abc", "abcabc", " x ", "é", "漢字", "A-b_c", "%x_", "12", "-3.5", "true")


@dataclass(frozen=True, slots=True)
class Tables:
    """Rows as JSON texts; `events` by table name, `changes` as Debezium writes them."""

    events: dict[str, list[str]]
    changes: list[str]

    def write(self, folder: Path) -> None:
        """One file a table."""
        for name, rows in {**self.events, "c1": self.changes}.items():
            (folder / f"{name}.jsonl").write_text("".join(row + "\n" for row in rows))

    def declared(self, folder: Path) -> str:
        """The tables in SQL."""
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        parts = [
            f"CREATE TABLE {name} ({columns}, `{ROWTIME}` TIMESTAMP(3), "
            f"WATERMARK FOR `{ROWTIME}` AS `{ROWTIME}` - INTERVAL '5' SECOND) WITH "
            f"('connector' = 'filesystem', 'path' = '{folder / name}.jsonl', 'format' = 'json', "
            "'json.encode.decimal-as-plain-number' = 'true');"
            for name in self.events
        ]
        changed = ", ".join(f"{name} {COLUMNS[name]}" for name in CHANGED)
        parts.append(
            f"CREATE TABLE c1 ({changed}) WITH ('connector' = 'filesystem', "
            f"'path' = '{folder / 'c1'}.jsonl', 'format' = 'debezium-json');"
        )
        return "\n".join(parts) + "\n"


def make_tables(generator: random.Random, rows: int) -> Tables:
    """Two tables of `rows` events each, and about as many changes."""
    events = {name: _events(generator, rows, number) for number, name in enumerate(("t1", "t2"))}
    return Tables(events, _changes(generator, rows))


def _events(generator: random.Random, rows: int, table: int) -> list[str]:
    made, at = [], _START
    for number in range(rows):
        at += dt.timedelta(milliseconds=generator.choice([0, 1, 250, 999, 1000, 1700, 4000]))
        early = dt.timedelta(milliseconds=generator.choice([0, 0, 0, 400, 4900]))
        row = _row(generator, table * 10_000 + number)
        made.append(json.dumps({**row, ROWTIME: _stamp(at - early)}, ensure_ascii=False))
    return made


def _row(generator: random.Random, number: int) -> dict[str, Any]:
    return {"id": number} | {
        name: None if generator.random() < 0.12 else _value(generator, kind)
        for name, kind in COLUMNS.items()
        if name != "id"
    }


def _changes(generator: random.Random, rows: int) -> list[str]:
    """Inserts, updates and deletes that fit each other."""
    there: dict[int, dict[str, Any]] = {}
    made = []
    for number in range(rows):
        what = generator.random()
        if there and what < 0.45:
            key = generator.choice(list(there))
            before = there[key]
            after = None if what < 0.15 else _changed(generator, key)
            op = "d" if after is None else "u"
            if after is None:
                del there[key]
            else:
                there[key] = after
        else:
            before, after, op = None, _changed(generator, number), "c"
            there[number] = after
        made.append(json.dumps({"before": before, "after": after, "op": op}, ensure_ascii=False))
    return made


def _changed(generator: random.Random, number: int) -> dict[str, Any]:
    row = _row(generator, number)
    return {name: row[name] for name in CHANGED}


def _value(generator: random.Random, kind: str) -> Any:
    pick = generator.choice
    match kind.split("(")[0].split("<")[0]:
        case "STRING":
            return pick(["a", "b", "c"]) if generator.random() < 0.5 else pick(_TEXTS)
        case "VARCHAR":
            return pick([t for t in _TEXTS if len(t) <= 6])
        case "BOOLEAN":
            return generator.random() < 0.5
        case "TINYINT":
            return pick([-128, -1, 0, 1, 7, 127])
        case "SMALLINT":
            return pick([-32768, -10, 0, 3, 255, 32767])
        case "INT":
            return pick([-2147483648, 2147483647, *range(-5, 20)])
        case "BIGINT":
            return pick([-(2**40), 2**40, 10**12, *range(-9, 30)])
        case "FLOAT":
            return pick([0.0, -0.5, 1.25, 3.0, 1e10, 16777216.0, 0.1])
        case "DOUBLE":
            return pick([0.0, -0.5, 2.25, 1e15, 0.1, 123456.789, -7.0, 1e-7])
        case "DECIMAL":
            return pick(["0.00", "-1.50", "99999.99", "0.01", "12.34", "7.00"])
        case "BYTES":
            return pick(["", "AA==", "YWJj", "/w=="])
        case "DATE":
            return pick(["1969-12-31", "2000-02-29", "2024-02-29", "2024-12-31", "2023-01-01"])
        case "TIME":
            return pick(["00:00:00", "23:59:59", "12:30:15"])
        case "TIMESTAMP":
            return pick(["1969-12-31 23:59:59.999", "2024-02-29 12:00:00.5", "2023-01-01 00:00:00"])
        case "TIMESTAMP_LTZ":
            return pick(["1970-01-01 00:00:00Z", "2024-03-31 01:30:00.25Z"])
        case "ARRAY":
            return [pick([None, 1, 2, 2, -3]) for _ in range(generator.randint(0, 4))]
        case "MAP":
            return {key: pick([None, 1, 2]) for key in generator.sample("abc", pick([0, 1, 2]))}
        case _:
            return {"p": pick([None, 1, -9]), "q": pick([None, "a", "zz"])}


def _stamp(at: dt.datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "milliseconds")
