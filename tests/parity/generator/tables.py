"""Random rows: nulls, edges, duplicates and disorder.

`t1` and `t2` are events (`p1` and `p2` the same with processing time), `c1` changes as Debezium
writes them, `v1` and `v2` versions of a key, `w1` windows of `t1`, `l1` a table in Postgres.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
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
    "ch": "CHAR(3)",
    "bi": "BINARY(2)",
    "vb": "VARBINARY(4)",
    "t6": "TIMESTAMP(6)",
    "t9": "TIMESTAMP(9)",
    "n": "ROW<a ARRAY<INT>, b ROW<c BIGINT>>",
    "ar": "ARRAY<ROW<u INT, w STRING>>",
}
ROWTIME = "at"
CHANGED: tuple[str, ...] = ("id", "k", "b", "ti", "i", "l", "d", "c", "s", "dd", "tt", "ts")
"""The columns of the table of changes."""
VERSIONED: dict[str, str] = {"k": "STRING", "rate": "DOUBLE", "note": "STRING"}
LOOKED_UP: dict[str, str] = {"k": "STRING", "j": "INT", "w": "DECIMAL(10, 2)", "z": "TIMESTAMP(3)"}
LOOKED_UP_ROWS: tuple[tuple[Any, ...], ...] = (
    ("a", 1, "1.50", "2024-02-29 12:00:00.5"),
    ("a", 7, None, None),
    ("b", 2, "-3.25", "1969-12-31 23:59:59.999"),
    ("c", None, "0.00", None),
    ("abc", 3, "12.34", "2024-01-01 00:00:00"),
)
"""What `l1` holds, of every campaign."""

_START = dt.datetime(2024, 2, 28, 23, 59, 50, tzinfo=dt.UTC)
_TEXTS = ("", "a", "Ab", "abc", "abcabc", " x ", "é", "漢字", "A-b_c", "%x_", "12", "-3.5", "true")


@dataclass(frozen=True, slots=True)
class Tables:
    """Rows as JSON texts by the names of their files; `looked_up` are the options of `l1`."""

    rows: dict[str, list[str]]
    looked_up: str = "'connector' = 'jdbc', 'url' = 'jdbc:postgresql://db/db', 'table-name' = 'l1'"

    def write(self, folder: Path) -> None:
        """One file a table."""
        for name, rows in self.rows.items():
            (folder / f"{name}.jsonl").write_text("".join(row + "\n" for row in rows))

    def declared(self, folder: Path, queries: str) -> str:
        """The tables that queries name, in SQL."""
        known = self._statements(folder)
        wanted = {name for name in known if re.search(rf"\b{name}\b", queries)}
        for name, needs in _NEEDS.items():
            wanted |= {needs} if name in wanted else set()
        return "\n".join(text for name, text in known.items() if name in wanted) + "\n"

    def _statements(self, folder: Path) -> dict[str, str]:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        changed = ", ".join(f"{name} {COLUMNS[name]}" for name in CHANGED)
        versioned = ", ".join(f"{name} {kind}" for name, kind in VERSIONED.items())
        looked_up = ", ".join(f"{name} {kind}" for name, kind in LOOKED_UP.items())
        since = "since TIMESTAMP(3), WATERMARK FOR since AS since - INTERVAL '5' SECOND"
        at = (
            f"`{ROWTIME}` TIMESTAMP(3), "
            f"WATERMARK FOR `{ROWTIME}` AS `{ROWTIME}` - INTERVAL '5' SECOND"
        )
        found = {}
        for name in ("t1", "t2"):
            rows = _file(folder, name)
            found[name] = f"CREATE TABLE {name} ({columns}, {at}) WITH ({rows});"
            clock = name.replace("t", "p")
            found[clock] = f"CREATE TABLE {clock} ({columns}, p AS PROCTIME()) WITH ({rows});"
        found["c1"] = f"CREATE TABLE c1 ({changed}) WITH ({_file(folder, 'c1', 'debezium-json')});"
        versions = _file(folder, "v1")
        found["v1"] = (
            f"CREATE TABLE v1 ({versioned}, {since}, PRIMARY KEY (k) NOT ENFORCED) "
            f"WITH ({versions});"
        )
        found["v0"] = f"CREATE TABLE v0 ({versioned}, {since}) WITH ({versions});"
        found["v2"] = (
            f"CREATE VIEW v2 AS SELECT {', '.join(VERSIONED)}, since FROM (SELECT *, ROW_NUMBER() "
            "OVER (PARTITION BY k ORDER BY since DESC) AS rn FROM v0) WHERE rn = 1;"
        )
        found["w1"] = (
            f"CREATE VIEW w1 AS SELECT window_time AS `{ROWTIME}`, k, COUNT(*) AS n, MAX(i) AS high"
            f" FROM TABLE(TUMBLE(TABLE t1, DESCRIPTOR(`{ROWTIME}`), INTERVAL '5' SECOND)) "
            "GROUP BY window_start, window_end, window_time, k;"
        )
        found["l1"] = f"CREATE TABLE l1 ({looked_up}) WITH ({self.looked_up});"
        return found


_NEEDS = {"v2": "v0", "w1": "t1"}


def _file(folder: Path, name: str, kind: str = "json") -> str:
    decimals = ", 'json.encode.decimal-as-plain-number' = 'true'" if kind == "json" else ""
    return (
        f"'connector' = 'filesystem', 'path' = '{folder / name}.jsonl', 'format' = '{kind}'"
        f"{decimals}"
    )


def make_tables(generator: random.Random, rows: int, looked_up: str | None = None) -> Tables:
    """Two tables of `rows` events each, about as many changes, and versions."""
    made = {name: _events(generator, rows, number) for number, name in enumerate(("t1", "t2"))}
    made |= {"c1": _changes(generator, rows), "v1": _versions(generator, rows // 2)}
    return Tables(made, looked_up) if looked_up else Tables(made)


def _versions(generator: random.Random, rows: int) -> list[str]:
    """Versions of a few keys, no two at one time, some of them out of order."""
    made, at = [], _START
    for _ in range(rows):
        at += dt.timedelta(milliseconds=generator.choice([700, 2500, 4100]))
        row = {
            "k": generator.choice(("a", "a", "b", "c", "abc")),
            "rate": generator.choice((None, 1.5, 0.25, -2.0)),
            "note": generator.choice((None, "x", "yy", "")),
            "since": _stamp(at),
        }
        made.append(row)
        if len(made) > 1 and generator.random() < 0.2:
            made[-2:] = reversed(made[-2:])
    return [json.dumps(row) for row in made]


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
        case "CHAR":
            return pick(["abc", "x y", "  z", "éàü"])
        case "BINARY":
            return pick(["AAE=", "YWI=", "/wA="])
        case "VARBINARY":
            return pick(["", "AAEC", "YWJjZA=="])
        case "BYTES":
            return pick(["", "AA==", "YWJj", "/w=="])
        case "DATE":
            return pick(["1969-12-31", "2000-02-29", "2024-02-29", "2024-12-31", "2023-01-01"])
        case "TIME":
            return pick(["00:00:00", "23:59:59", "12:30:15"])
        case "TIMESTAMP" if kind == "TIMESTAMP(6)":
            return pick(["2024-02-29 12:00:00.000001", "1969-12-31 23:59:59.999999"])
        case "TIMESTAMP" if kind == "TIMESTAMP(9)":
            return pick(["2024-02-29 12:00:00.123456789", "1970-01-01 00:00:00.000000001"])
        case "TIMESTAMP":
            return pick(["1969-12-31 23:59:59.999", "2024-02-29 12:00:00.5", "2023-01-01 00:00:00"])
        case "TIMESTAMP_LTZ":
            return pick(["1970-01-01 00:00:00Z", "2024-03-31 01:30:00.25Z"])
        case "ARRAY" if "ROW" in kind:
            return [_pair(generator, "u", "w") for _ in range(generator.randint(0, 2))]
        case "ROW" if kind == COLUMNS["n"]:
            return {"a": pick([None, [], [1, None]]), "b": pick([None, {"c": 5}, {"c": None}])}
        case "ARRAY":
            return [pick([None, 1, 2, 2, -3]) for _ in range(generator.randint(0, 4))]
        case "MAP":
            return {key: pick([None, 1, 2]) for key in generator.sample("abc", pick([0, 1, 2]))}
        case _:
            return _pair(generator, "p", "q")


def _pair(generator: random.Random, number: str, text: str) -> dict[str, Any]:
    return {number: generator.choice([None, 1, -9]), text: generator.choice([None, "a", "zz"])}


def _stamp(at: dt.datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "milliseconds")
