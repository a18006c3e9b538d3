"""Free memory goes back to the machine, now and then."""

import psutil
import pyarrow as pa
import pytest

from tidemill.engine.given_back import (
    EVERY_MS,
    POOL_ASKED,
    GivenBack,
    give_back,
    use_returnable_pool,
)
from tidemill.testing import ManualClock

MB = 1 << 20


def test_it_is_given_back_when_due_and_not_before():
    clock, times = ManualClock(5_000), []
    given = GivenBack(clock, lambda: times.append(clock.now_ms()))
    for _ in range(10):
        clock.advance(EVERY_MS // 4)
        given.when_due()
    assert times == [5_000 + EVERY_MS, 5_000 + 2 * EVERY_MS]


def test_pages_below_a_block_in_use_go_back():
    blocks = [bytes(4_000) for _ in range(50_000)]
    full = psutil.Process().memory_info().rss
    kept = blocks[::1_000]
    del blocks
    give_back()
    assert full - psutil.Process().memory_info().rss > 100 * MB
    assert len(kept) == 50


@pytest.mark.parametrize("asked", [None, "mimalloc"])
def test_arrow_takes_the_c_librarys_memory_unless_told_otherwise(
    asked: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pa.default_memory_pool()
    if asked is None:
        monkeypatch.delenv(POOL_ASKED, raising=False)
    else:
        monkeypatch.setenv(POOL_ASKED, asked)
    pa.set_memory_pool(pa.mimalloc_memory_pool())
    try:
        use_returnable_pool()
        assert pa.default_memory_pool().backend_name == (asked or "system")
    finally:
        pa.set_memory_pool(before)
