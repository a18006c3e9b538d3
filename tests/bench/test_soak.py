"""The soak: growth is found and noise is not taken for it; so is every kind of wrong window."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from bench.soak.feeder import Feeder
from bench.soak.readings import KINDS, Reading
from bench.soak.report import Soak, markdown, svg
from bench.soak.slope import slope
from bench.soak.verify import closed_windows, wrong_windows
from bench.topic import create_topic, read_output

from tidemill.interfaces.service import Endpoint

RATE, SECONDS = 12_000, 20
EVENTS = RATE * SECONDS


def readings(hours: float, **growth_per_h: float) -> list[Reading]:
    """One each ten seconds, with noise of 1 MB and jumps of a handle."""
    noise = random.Random(7)
    found = []
    for number in range(int(hours * 360)):
        at_s = number * 10.0
        values = {
            kind.name: 100 * kind.scale
            + growth_per_h.get(kind.name, 0.0) * kind.scale * at_s / 3600
            + noise.gauss(0, 1.0 if kind.unit == "MB" else 0.3) * kind.scale
            for kind in KINDS
        }
        found.append(Reading(at_s, values))
    return found


def verdicts(soak: Soak) -> dict[str, str]:
    return {line.kind.name: line.verdict for line in soak.lines()}


def test_a_line_is_found_with_an_interval_that_holds_it() -> None:
    noise, held = random.Random(1), 0
    for _ in range(200):
        at_s = [i * 10.0 for i in range(330)]
        fit = slope(at_s, [5 + 2.5 * s / 3600 + noise.gauss(0, 1) for s in at_s])
        held += fit.low <= 2.5 <= fit.high
    assert 180 <= held <= 199
    exact = slope([0, 1800, 3600, 5400], [1, 2, 3, 4])
    assert exact.per_h == pytest.approx(2) and exact.low == pytest.approx(2)


def test_growth_is_found_and_flat_readings_pass() -> None:
    flat = Soak({}, 600, readings(1))
    assert set(verdicts(flat).values()) == {"PASS"} and flat.verdict() == "PASS"
    grown = Soak({}, 600, readings(1, pss=3.0, handles=2.0, wal=40.0))
    assert {name for name, v in verdicts(grown).items() if v == "FAIL"} == {"pss", "handles", "wal"}
    assert grown.verdict() == "FAIL" and "FAIL" in markdown(grown)


def test_what_grew_before_warm_up_does_not_count() -> None:
    late = readings(1)
    early = [Reading(one.at_s - 600, dict.fromkeys(one.values, 0.0)) for one in readings(1 / 6)]
    assert Soak({}, -600, [*early, *late]).verdict() == "FAIL"
    assert Soak({}, 0, late).verdict() == "PASS"


def test_noise_over_the_limit_is_unsure_not_well() -> None:
    short = Soak({}, 30, readings(0.05, pss=-300.0, rss=30.0))
    assert verdicts(short)["pss"] == "PASS"
    assert "FAIL" not in verdicts(short).values() and short.verdict() in ("PASS", "UNSURE")
    assert svg(short).count("<polyline") == 2 * len(KINDS)


def test_a_check_that_fails_fails_the_run() -> None:
    soak = Soak({}, 600, readings(1), {"windows": ("FAIL", "1 missing")})
    assert soak.verdict() == "FAIL" and "1 missing" in markdown(soak)


@pytest.mark.servers
def test_windows_of_what_the_feeder_sends_are_those_that_are_expected(
    kafka_endpoint: Endpoint, tmp_path: Path, unique_name: Callable[[str], str]
) -> None:
    bootstrap, topic = kafka_endpoint.properties["bootstrap.servers"], unique_name("soak")
    create_topic(bootstrap, topic)
    with Feeder(bootstrap, topic, tmp_path / "ring", RATE, SECONDS, paced=False) as feeder:
        assert feeder.result() == (EVENTS, 0.0)
    read_output(bootstrap, topic, events := tmp_path / "events.jsonl")
    closed = closed_windows(EVENTS, RATE)
    assert closed == SECONDS - 1
    rows = [json.loads(text) for (text,) in duckdb.sql(
        f"""
        SELECT to_json(w) FROM (
          SELECT strftime(make_timestamp(pickup_at // 60000 * 60000000), '%Y-%m-%d %H:%M:%S.%g')
                 AS window_start, pu_location_id, count(*) AS rides, sum(fare_amount) AS fare,
                 avg(trip_distance) AS distance
          FROM read_json('{events}') GROUP BY ALL ORDER BY ALL) AS w
        """
    ).fetchall()]  # fmt: skip

    def wrong(found: list[dict[str, object]]) -> dict[str, int]:
        file = tmp_path / "windows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in found))
        return {name: n for name, n in wrong_windows(file, EVENTS, RATE).items() if n}

    assert wrong(rows) == {}
    assert wrong(rows[:-1]) == {}, "a window that is not closed may be missing"
    assert wrong(rows[1:]) == {"missing": 1}
    assert wrong([*rows, rows[0]]) == {"twice": 1}
    assert wrong([{**rows[0], "rides": 99}, *rows[1:]]) == {"different": 1}
    assert wrong([*rows, {**rows[0], "pu_location_id": 999}]) == {"unexpected": 1}
