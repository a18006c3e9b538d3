"""The clock that windows lie on, against zoneinfo, around the hours in which it is set."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.engine.kernel import Kernel
from tidemill.engine.local_time import LocalTime
from tidemill.plan.windows import MAX_WATERMARK_US, MIN_WATERMARK_US

ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Asia/Tokyo")
KERNEL = Kernel()
CLOCKS = {zone: LocalTime(KERNEL, zone) for zone in ZONES}
SPRING, AUTUMN = 1_774_746_000_000, 1_792_890_000_000
"""When Berlin sets its clocks in 2026, epoch milliseconds."""
TIMES = st.lists(
    st.one_of(
        st.integers(0, 4_000_000_000_000),
        st.integers(SPRING - 10_800_000, SPRING + 10_800_000),
        st.integers(AUTUMN - 10_800_000, AUTUMN + 10_800_000),
    ),
    min_size=1,
    max_size=10,
)


def _shown(ms: int, zone: str) -> int:
    local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone))
    offset = local.utcoffset()
    assert offset is not None
    return ms + round(offset.total_seconds() * 1000)


@pytest.mark.parametrize("zone", ZONES)
@given(times=TIMES)
def test_a_clock_shows_what_zoneinfo_says(zone: str, times: list[int]) -> None:
    shown = CLOCKS[zone].clock(np.array(times) * 1000) // 1000
    assert shown.tolist() == [_shown(ms, zone) for ms in times]


@pytest.mark.parametrize("zone", ZONES)
@given(times=TIMES)
def test_a_watermark_reaches_what_its_timers_say(zone: str, times: list[int]) -> None:
    clock, watermarks = CLOCKS[zone], np.array(times) * 1000
    reached = clock.reached(watermarks)
    assert (clock.timers(reached) <= watermarks).all()
    assert (clock.timers(reached + 1000) > watermarks).all()
    order = np.argsort(watermarks)
    assert (np.diff(reached[order]) >= 0).all()


def test_an_hour_that_comes_twice_waits_for_the_second() -> None:
    clock = CLOCKS["Europe/Berlin"]
    half_past_two = AUTUMN * 1000 - 1_800_000_000  # 02:30, the first time
    (shown,) = clock.clock(np.array([half_past_two]))
    assert clock.timer(int(shown)) == half_past_two + 3_600_000_000
    assert clock.reached_at(half_past_two) == shown - 1_800_000_000 - 1_000


@pytest.mark.parametrize("watermark_us", [MIN_WATERMARK_US, MAX_WATERMARK_US])
def test_the_first_and_the_last_watermark_are_what_they_are(watermark_us: int) -> None:
    assert CLOCKS["Europe/Berlin"].reached_at(watermark_us) == watermark_us
