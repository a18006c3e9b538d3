# ruff: noqa: DTZ001 - TLC files hold wall-clock times without a zone
"""What a demo shows, as plain text."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tidemill.control.demo.model import DemoResult, HourTotal, ProgressEvent, ZoneTotal
from tidemill.control.demo.nyc_taxi.verify import Verification
from tidemill.control.demo.text import (
    hour_chart,
    next_steps,
    progress_line,
    verification_lines,
    zone_table,
)

GOOD = Verification(100, 5, 2, 83, 10, 0, 12, datetime(2026, 6, 2))
ZONES = (
    ZoneTotal(132, "JFK Airport", 1200, 1500, Decimal("70123.40"), 12.3456),
    ZoneTotal(264, "", 7, 7, Decimal("70.00"), 1.0),
)
RESULT = DemoResult("nyc_taxi", Path("/x"), False, 100, 20.5, 9.1, 5000.0, ZONES, (), GOOD)


def test_progress_line():
    event = ProgressEvent(1000, 50000, 900, 1800, 30, 2, 0, 100, None, 4999.6, 3.0)
    line = progress_line(event)
    assert "inserted 1,000/50,000" in line
    assert "watermark none yet" in line
    assert "lag 100" in progress_line(replace(event, watermark=datetime(2026, 6, 1, 2)))


def test_zone_table_is_aligned():
    lines = zone_table(ZONES).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "JFK Airport (132)" in lines[2]
    assert "$70,123.40" in lines[2]
    assert lines[3].startswith("zone 264")


@pytest.mark.parametrize("hours", [1, 3, 48, 168, 1000])
def test_chart_is_plain_and_fits(hours):
    start = datetime(2026, 6, 1)
    totals = [HourTotal(start + timedelta(hours=i), 10 + i % 24, Decimal(1)) for i in range(hours)]
    lines = hour_chart(totals, width=70).splitlines()
    assert all(len(line) <= 70 for line in lines)
    assert "\x1b" not in "".join(lines)
    assert any("█" in line for line in lines)


def test_chart_of_nothing():
    assert hour_chart(()) == ""


def test_verification_says_yes_or_what_differs():
    assert any("every row is accounted for" in line for line in verification_lines(GOOD))
    bad = replace(GOOD, rows_missing=("row 3 is gone",))
    lines = list(verification_lines(bad))
    assert not any("every row is accounted for" in line for line in lines)
    assert "differs: row 3 is gone" in lines


def test_json_is_plain_data():
    plain = json.loads(json.dumps(RESULT.as_dict()))
    assert plain["top_zones"][0]["revenue"] == "70123.40"
    assert plain["verification"]["ok"] is True
    assert plain["verification"]["watermark"] == "2026-06-02T00:00:00"
    assert plain["folder"] == "/x"


def test_next_steps_name_real_commands():
    from tidemill.cli.verbs import VERBS

    known = {entry.name for entry in VERBS}
    for line in next_steps(RESULT):
        words = line.split()
        if words[:1] == ["tidemill"]:
            assert words[1] in known
