"""The shop demo, as a user runs it: interrupted in the middle, then brought to its end."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from tidemill.control.demo.folder import demo_folder, find_example
from tidemill.control.demo.shop_sessions.generate import BEGIN, generate_events
from tidemill.control.demo.shop_sessions.objects import Shop
from tidemill.control.down import down

ROWS = 3_000


def test_visits_are_the_same_for_a_seed_and_as_dirty_as_real_ones():
    events = generate_events(1, BEGIN, 24, 200)
    assert events == generate_events(1, BEGIN, 24, 200)
    assert events != generate_events(2, BEGIN, 24, 200)
    assert [e.event_id for e in events] == list(range(1, len(events) + 1))
    assert [e.arrived_at for e in events] == sorted(e.arrived_at for e in events)
    kinds = Counter(e.event_type for e in events)
    assert kinds["view"] > kinds["cart"] > kinds["purchase"] > 0
    delays = [(e.arrived_at - e.event_time).total_seconds() for e in events]
    assert any(60 < d < 1500 for d in delays)
    assert any(d > 9000 for d in delays)
    # Nothing between the tunnel and the pocket: who is late there hangs on the order of reading.
    assert not any(1500 < d < 9000 for d in delays)
    assert any("bot" in e.user_agent for e in events)
    assert any(e.user_session is None for e in events)
    assert len({e.user_id for e in events}) < len({e.user_session for e in events})


def test_parts_follow_each_other_under_keys_of_their_own():
    shop = Shop(1, ROWS)
    keys = [key for key, _ in shop.history()]
    for part in (0, 1):
        keys += [key for _, objects in shop.live(part) for key, _ in objects]
    assert len(set(keys)) == len(keys)
    again = [pair for _, objects in Shop(1, ROWS).live(1) for pair in objects]
    assert again == [pair for _, objects in shop.live(1) for pair in objects]


@pytest.mark.servers
@pytest.mark.timeout(600)
def test_stopped_in_the_middle_and_brought_to_its_end(tmp_path, notebook_outputs):
    command = [sys.executable, "-m", "tidemill.cli", "demo", "shop_sessions", "--rows", str(ROWS)]
    try:
        first = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        hours = 0
        for line in first.stderr:
            hours += "storage to bronze" in line and "objects" in line
            if hours == 2:
                break
        time.sleep(1)
        first.send_signal(signal.SIGINT)
        _, said = first.communicate(timeout=120)
        assert first.returncode == 130, said
        assert "nothing is lost" in said

        command += ["--json", "--keep"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr
        outcome = json.loads(done.stdout)
        assert outcome["ok"] is True
        rows = {c["what"]: c["rows"] for c in outcome["comparisons"]}
        assert len(rows) == 6 and all(rows.values()), rows
        assert outcome["facts"]["late"] > 0
        assert outcome["facts"]["model"]["auc_held_back"] > 0.55
        folder = demo_folder(tmp_path, "shop_sessions", None)
        shown = notebook_outputs(folder / "notebooks" / "shop_sessions.ipynb")
        assert Counter(shown) == {"text": 1, "table": 5, "chart": 2}
    finally:
        down(demo_folder(tmp_path, "shop_sessions", None) / ".tidemill")


def test_the_example_is_a_project_whose_own_tests_pass(tmp_path):
    from tidemill.control.check import check
    from tidemill.control.fixtures.suite import Suite

    folder = find_example("shop_sessions")
    assert [error for result in check([], folder) for error in result.errors] == []
    assert [outcome.status for outcome in Suite((), folder).outcomes()] == ["passed"]
