"""`tidemill doctor PIPELINE` beside a running pipeline, and after it has stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tidemill.control.init import init

Tidemill = Callable[..., subprocess.CompletedProcess[str]]
ROWS = [
    ("tea", "2026-01-05 09:06:00"),
    ("tea", "2026-01-05 10:07:00"),
    ("tea", "2026-01-05 09:59:00"),
    ("tea", "2026-01-05 09:00:00"),
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    init(tmp_path / "shop")
    pipeline = tmp_path / "shop" / "pipelines" / "revenue.sql"
    pipeline.write_text(
        pipeline.read_text().replace(
            "'data/orders.jsonl'", "'data', 'source.monitor-interval' = '100 ms'"
        )
    )
    (tmp_path / "shop" / "data" / "orders.jsonl").write_text(
        "".join(json.dumps({"product": p, "amount": 1, "ordered_at": t}) + "\n" for p, t in ROWS)
    )
    return tmp_path / "shop"


def test_before_the_first_run(tidemill: Tidemill, shop: Path) -> None:
    done = tidemill("doctor", "revenue", cwd=shop)
    assert done.returncode == 0
    assert done.stdout == (
        "revenue does not run and has committed no epoch: it has not run here yet.\n"
    )


def test_running_and_stopped(tidemill: Tidemill, shop: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tidemill.cli", "run", "revenue"],
        cwd=shop,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        report: dict[str, object] = {}
        limit = time.monotonic() + 60
        while not report.get("waiting") and time.monotonic() < limit:
            time.sleep(0.2)
            report = json.loads(tidemill("doctor", "revenue", "--json", cwd=shop).stdout)
        os.kill(running.pid, signal.SIGINT)
        said = running.communicate(timeout=60)[1]
    assert (report["running"], report["pid"]) == (True, running.pid)
    (window,) = report["waiting"]  # type: ignore[attr-defined]
    assert window["window_end_ms"] - window["window_start_ms"] == 3_600_000
    assert window["needs_ms"] == window["window_end_ms"] - 1
    (holder,) = window["held_by"]
    assert holder["partition"].endswith("data/orders.jsonl")
    assert holder["needs_rowtime_ms"] == window["needs_ms"] + 10_000
    (late,) = report["late"]  # type: ignore[attr-defined]
    assert (late["rows"], late["late"]) == (4, 2)
    assert late["saved"] == [{"more_delay_ms": 420_000, "rows": 2, "share": 1.0}]
    for text in (said, tidemill("doctor", "revenue", cwd=shop).stdout):
        assert "The window 2026-01-05 10:00:00 to 2026-01-05 11:00:00 of a0" in text
        assert "it needs a row with ordered_at from 2026-01-05 11:00:09.999 on." in text
        assert "With a watermark delay of 7 min 10 s instead of 10 s, 2 of 2 (100%)" in text
    assert "revenue does not run; this is how it stood" in text
