"""Checks through the API: run, results over time, the report; personal columns stay hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tidemill.console.app import guarded_app
from tidemill.console.hub import Hub
from tidemill.console.parts.bars import verdict_bars
from tidemill.console.security.guard import Gate
from tidemill.console.security.sessions import Sessions

TOKEN = "operator-token-of-the-test"
SUITE = """
on:
  - file: data.jsonl
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: fare, min_value: 0}
  - type: expect_column_max_to_be_between
    kwargs: {column: email, max_value: "b"}
    severity: warning
"""


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "tidemill.yaml").write_text("name: shop\npersonal: [email]\n")
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "fares.yaml").write_text(SUITE)
    rows = [{"fare": 2.5, "email": "a@x"}, {"fare": -1, "email": "secret@x"}]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sessions = Sessions()
    sessions.allow(TOKEN, "operator")
    hub = Hub(tmp_path, Gate(sessions, frozenset({"localhost"}), 8642))
    return TestClient(
        guarded_app(hub, pages=False), base_url="http://localhost:8642",
        headers={"authorization": f"Bearer {TOKEN}"},
    )  # fmt: skip


def test_a_suite_is_run_kept_and_reported(client):
    assert client.get("/api/v1/checks").json()[0]["targets"][0]["last_success"] is None
    asked = {"suite": "fares", "target": "file data.jsonl"}
    none = client.get("/api/v1/checks/report", params=asked)
    assert (none.status_code, none.json()["code"]) == (404, "quality.unknown-result")
    for _ in range(2):
        done = client.post("/api/v1/checks/fares/run").json()
        assert (done["success"], done["results"][0]["results"][0]["unexpected_count"]) == (False, 1)
    assert client.post("/api/v1/checks/nope/run").status_code == 404
    found = client.get("/api/v1/checks/results", params=asked).json()
    assert len(found) == 2 and found[0]["at_ms"] >= found[1]["at_ms"]
    missed = found[0]["results"][0]
    assert missed["unexpected_rows"] == [{"fare": -1, "email": "******"}]
    assert client.get("/api/v1/checks/results?suite=other").json() == []
    report = client.get("/api/v1/checks/report", params={**asked, "at_ms": found[1]["at_ms"]}).text
    assert "fares on file data.jsonl" in report and "1 of 1 unexpected rows" in report
    assert "secret@x" not in report + json.dumps(found) + json.dumps(done)


def test_bars_are_as_high_as_what_was_met_and_hold_no_markup():
    one = {"suite": "<s>", "target": "t", "at_ms": 0, "success": False,
           "results": [{"success": True}, {"success": False}]}  # fmt: skip
    drawn = verdict_bars([one])
    assert 'height="24"' in drawn and 'class="missed"' in drawn and "<s>" not in drawn
    assert verdict_bars([]) == ""
