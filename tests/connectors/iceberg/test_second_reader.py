"""DuckDB's own reader of Iceberg, which shares no code with us, finds the rows of our tables."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.connectors.iceberg.conftest import Lake
from tests.connectors.iceberg.test_sink import ALL_TYPES

from tidemill.connectors.iceberg.maintenance import compact
from tidemill.model import types as t
from tidemill.services.environments import make_environment


def read(tables: dict[str, Any], out: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of tables as pyiceberg has them, read by DuckDB."""
    program = Path(__file__).with_name("duckdb_reader.py")
    places = [table.metadata_location.removeprefix("file://") for table in tables.values()]
    command = [make_environment("duckdb-iceberg"), program, out, *places]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {
        name: pq.read_table(out / f"{number}.parquet").to_pylist()
        for number, name in enumerate(tables)
    }


@pytest.mark.timeout(300)  # the environment may have to be made
def test_duckdb_reads_what_was_written_changed_widened_and_compacted(tmp_path: Path) -> None:
    where = {"uri": f"jdbc:sqlite:{tmp_path}/catalog.db", "warehouse": f"{tmp_path}/lager é"}
    lakes = {name: Lake(where, name) for name in ("types", "keyed", "grown")}

    types = lakes["types"].table({name: type_ for name, (type_, _, _) in ALL_TYPES.items()})
    lakes["types"].write([tuple(value for _, value, _ in ALL_TYPES.values())], types)
    lakes["types"].write([(None,) * len(ALL_TYPES)], types)

    keyed = lakes["keyed"].table({"a": t.INT, "b": t.STRING}, key=("a",), partitioned=("a",))
    lakes["keyed"].write([(i, "old") for i in range(4)], keyed)
    lakes["keyed"].write([(1, "new"), (2, "old")], keyed, kinds="+U -D")

    grown = lakes["grown"]
    for i in range(3):
        grown.write([(i, "x")], grown.table())
    wide = grown.table({"a": t.INT, "b": t.STRING, "c": t.decimal(5, 2)})
    grown.write([(3, "x", None)], wide)
    assert compact(wide, 1 << 20, lambda done, of: None).files_after == 1

    found = read({name: lake.load() for name, lake in lakes.items()}, tmp_path)
    (row,) = [row for row in found["types"] if row["int"] is not None]
    for name, (_, _, expected) in ALL_TYPES.items():
        value = dict(row[name]) if isinstance(expected, dict) else row[name]
        assert value == expected, name
    (empty,) = [row for row in found["types"] if row["int"] is None]
    assert set(empty.values()) == {None}
    assert sorted(map(str, found["keyed"])) == [
        str({"a": a, "b": b}) for a, b in ((0, "old"), (1, "new"), (3, "old"))
    ]
    assert sorted(row["a"] for row in found["grown"]) == [0, 1, 2, 3]
    assert {row["c"] for row in found["grown"]} == {None}
