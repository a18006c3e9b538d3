"""Good files and the plans they become: `plans/<case>.sql` beside `plans/<case>.txt`.

`UPDATE_GOLDENS=1 pytest tests/sql/test_plans.py` writes the plans anew; read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tidemill.sql import render
from tidemill.sql.logical import inputs

CASES = sorted((Path(__file__).parent / "plans").glob("*.sql"))


def _text(compiled, path: Path) -> str:
    script = compiled(path.read_text(), path.name)
    notes = [f"note: {note}" for note in script.notes]
    return "\n".join([render(script), *notes]) + "\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_file_becomes_its_plan(compiled, path: Path) -> None:
    golden = path.with_suffix(".txt")
    text = _text(compiled, path)
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_a_view_is_shared_by_what_reads_it(compiled) -> None:
    text = next(path for path in CASES if path.stem == "taxi").read_text()
    script = compiled(text)

    def scans(node):
        below = [scan for child in inputs(node) for scan in scans(child)]
        return below or [node]

    first, second = (scans(insert.query) for insert in script.inserts)
    assert first[0] is second[0]


def test_the_script_says_what_it_declares(compiled) -> None:
    text = next(path for path in CASES if path.stem == "taxi").read_text()
    script = compiled(text)
    assert script.settings == {"table.exec.source.idle-timeout": "5 s"}
    assert script.notes == ("The setting parallelism.default only tunes Flink and is ignored.",)
    assert set(script.tables) == {"trips", "cleaned", "zone_revenue"}
    trips = script.tables["trips"]
    assert trips.options["topic"] == "trips"
    assert trips.options["properties.bootstrap.servers"] == "127.0.0.1:9092"
    assert script.tables["zone_revenue"].primary_key == ("window_start", "zone")
    assert not script.tables["zone_revenue"].schema.columns[0].type.nullable
