"""A short slice of `tidemill chaos` on real servers, and the proof that it can fail."""

import sys
import time
from pathlib import Path

import pytest

from tidemill.control.chaos.faults import FAULTS
from tidemill.control.chaos.model import ChaosRequest
from tidemill.control.chaos.run import Campaign
from tidemill.control.chaos.schedule import parse_schedule
from tidemill.project import load_project

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
BROKEN = (sys.executable, str(Path(__file__).with_name("broken_engine.py")))
SLICE = """
wait=0.10 duplicates hold=0 records=200 + wait=0 kill-at hold=0 point=after-checkpoint-written nth=1
wait=0.10 poison hold=0 records=23 + wait=0 kill-at hold=0 point=after-decider-commit nth=1
wait=0.10 schema-change hold=0 records=200 + wait=0.10 freeze-engine hold=0.3
wait=0.10 partition hold=0.5 of=postgres + wait=0 kill-engine hold=0
wait=0.10 kill-broker hold=0 + wait=0 kill-postgres hold=0
wait=0.10 damaged-checkpoint hold=0 how=flip at=0.500
wait=0.10 file-limit hold=0 bytes=500
wait=0.10 few-files hold=0
wait=0.10 added-partitions hold=0 + wait=0 kill-engine hold=0
wait=0.10 huge-messages hold=0 records=1 bytes=16775216 headers=0
wait=0.10 recreated-topic hold=0 engine=down
"""


def campaign(servers, folder, text, **given):
    (folder / "tidemill.yaml").write_text("name: chaos\n")
    schedule = parse_schedule(text.splitlines(), "slice")
    request = ChaosRequest(schedule=schedule, minutes=15, rate=1_000, recover_within_s=300, **given)
    runs = Campaign(request, load_project(folder), folder, servers, lambda _: None)
    return runs.run(FAULTS, "slice", round(time.time() * 1000))


def said_last(folder):
    return [log.read_text()[-4_000:] for log in folder.rglob("engine.log")]


def test_faults_alone_and_doubled_lose_and_double_nothing(chaos_servers, tmp_path):
    # Looking for the shortest schedule would take all of the test's time: say what is broken first.
    result = campaign(chaos_servers, tmp_path, SLICE, minimise=False)
    assert result.holds, (result.broken, said_last(tmp_path))
    assert len(result.actions) == 11
    assert result.engine_ends["connector.topic-recreated"] == 1
    waited = [done for done in result.actions if "it waited" in " ".join(done.notes)]
    assert 2 - len(waited) <= result.engine_ends["engine.checkpoint-io"] <= 2
    assert result.kills >= 6
    assert result.dead_letters == 17
    assert result.rows_out == result.rows - 17, "an empty message is no row and no dead letter"
    assert result.windows > 0
    assert all(done.recovery_s is not None for done in result.actions)


def test_an_engine_that_asks_no_sink_for_its_epoch_is_found_by_the_shortest_schedule(
    chaos_servers, tmp_path
):
    schedule = """
    wait=0.10 duplicates hold=0.00 records=10
    wait=0.10 kill-at hold=0.00 point=after-checkpoint-written nth=1
    """
    result = campaign(chaos_servers, tmp_path, schedule, engine=BROKEN)
    assert {broken.invariant for broken in result.broken} & {"no-loss", "no-duplicate"}
    assert result.shortest == ("wait=0.10 kill-at hold=0.00 point=after-checkpoint-written nth=1",)
