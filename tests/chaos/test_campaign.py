"""A short slice of the campaign over Debezium; the long one is `tests/chaos/campaign.py`."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import campaign

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


def test_kill_of_connect_and_engine_loses_and_doubles_nothing(tmp_path):
    assert campaign.campaign(tmp_path, rows=6_000, rate=2_000, kills=2, seed=3) == []


def test_schedule_is_seeded_and_fair():
    plan = campaign.schedule(20, 60, seed=1)
    assert plan == campaign.schedule(20, 60, seed=1) != campaign.schedule(20, 60, seed=2)
    assert {target for _, target in plan} == set(campaign.TARGETS)
    assert [moment for moment, _ in plan] == sorted(moment for moment, _ in plan)
