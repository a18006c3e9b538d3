"""A slice of `tidemill chaos --built-in cdc` on real servers, and the proof that it can fail."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidemill.control.chaos.change_capture.tally import TopicTally
from tidemill.control.chaos.faults import FAULTS
from tidemill.control.chaos.model import ChaosRequest
from tidemill.control.chaos.run import Campaign, run_chaos
from tidemill.control.chaos.schedule import parse_schedule
from tidemill.control.chaos.servers import CDC_NAMES, ChaosServers
from tidemill.errors import UsageError
from tidemill.project import load_project

BROKEN = (sys.executable, str(Path(__file__).with_name("broken_engine.py")))
SLICE = """
wait=0.10 kill-redis hold=0 + wait=0 kill-at hold=0 point=after-decider-commit nth=1
wait=0.10 change-table hold=0.5 how=drop
wait=0.10 truncate-table hold=0.2
"""


@pytest.fixture(scope="module")
def capturing_servers(tmp_path_factory) -> Iterator[ChaosServers]:
    folder = tmp_path_factory.mktemp("chaos-cdc") / ".tidemill"
    made = ChaosServers(folder, lambda _: None, names=CDC_NAMES)
    yield made
    made.close()


def campaign(servers, folder, text, **given):
    (folder / "tidemill.yaml").write_text("name: chaos\n")
    schedule = parse_schedule(text.splitlines(), "slice")
    given = {"recover_within_s": 300} | given
    request = ChaosRequest(schedule=schedule, minutes=15, rate=50, built_in="cdc", **given)
    runs = Campaign(request, load_project(folder), folder, servers, lambda _: None)
    return runs.run(FAULTS, "slice", round(time.time() * 1000))


@pytest.mark.servers
@pytest.mark.timeout(900)
def test_faults_of_capture_lose_and_double_nothing_and_a_truncate_is_refused(
    capturing_servers, tmp_path
):
    result = campaign(capturing_servers, tmp_path, SLICE)
    assert result.holds, result.broken
    assert len(result.actions) == 3
    assert result.engine_ends["connector.truncated"] >= 1
    assert result.rows_out > 0 and result.dead_letters == 0


@pytest.mark.servers
@pytest.mark.timeout(900)
def test_an_engine_that_asks_no_sink_for_its_epoch_is_found(capturing_servers, tmp_path):
    text = "wait=0.10 kill-at hold=0 point=after-checkpoint-written nth=1"
    result = campaign(
        capturing_servers, tmp_path, text, engine=BROKEN, minimise=False, recover_within_s=30
    )
    assert {broken.invariant for broken in result.broken} & {"equal-to-source", "reconciled"}


class Tail:
    """Messages that have come."""

    def __init__(self, *events: str) -> None:
        self._events = events

    def come(self) -> list["Tail.Message"]:
        return [Tail.Message(event) for event in self._events]

    class Message:
        def __init__(self, event: str) -> None:
            self._event = event

        def value(self) -> bytes:
            return self._event.encode()


def event(op: str, key: int, lsn: int) -> str:
    row = f'{{"id": {key}, "version": 1}}'
    before, after = (row, "null") if op == "d" else ("null", row)
    source = f'{{"lsn": {lsn}, "txId": 7}}'
    return f'{{"op": "{op}", "before": {before}, "after": {after}, "source": {source}}}'


def test_changes_are_counted_by_key_and_each_once():
    sent = [event("c", 1, 10), event("u", 1, 20), event("c", 2, 20), event("d", 2, 30)]
    tally = TopicTally(Tail(event("r", 9, 1), *sent, *sent[1:3]), mark=0)
    tally.read()
    assert tally.differences({1: (1, 1, 0), 2: (1, 0, 1)}) == []
    assert (tally.events, tally.repeated) == (5, 2)
    (missing,) = tally.differences({1: (1, 2, 0), 2: (1, 0, 1)})
    assert missing == "key 1: (1, 2, 0) in Postgres, (1, 1, 0) in the topic"
    tally.begin_at({1: (5, 5, 5), 2: (1, 0, 1)})
    assert tally.differences({1: (5, 5, 5), 2: (1, 0, 1)}) == []


def test_a_built_in_pipeline_and_one_of_the_project_are_not_hurt_at_once(tmp_path):
    request = ChaosRequest("sales", tmp_path, built_in="cdc")
    with pytest.raises(UsageError, match="cannot be hurt in one run"):
        run_chaos(request, lambda _: None)
