"""A topic made again under its name is told from the old one; partitions that come are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Uuid

from tidemill.connectors.kafka.options import parse
from tidemill.connectors.kafka.topic_facts import add_partitions
from tidemill.connectors.kafka.topic_ids import TopicIds
from tidemill.errors import ConnectorError
from tidemill.interfaces.source import Source
from tidemill.model import Position

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True, params=["native", "python"])
def reader(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both readers keep the same positions."""
    if request.param == "python":
        monkeypatch.setenv("TIDEMILL_NATIVE", "0")


class Life:
    """A source that is read for a while; `numbers` and `positions` are what it gave."""

    def __init__(self, source: Source, start: Mapping[str, Position]) -> None:
        self.source, self.positions = source, dict(start)
        self.numbers: list[int] = []
        try:
            source.open(start)
        except BaseException:
            source.close()
            raise

    def read_until(self, done: Callable[[Life], bool], limit_s: float = 30.0) -> Life:
        limit = time.monotonic() + limit_s
        while not done(self) and time.monotonic() < limit:
            for batch in self.source.read(100, 50):
                self.positions[batch.partition] = batch.position
                self.numbers += [row["a"] for row in batch.rows.to_pylist()]
        assert done(self), (self.numbers[:10], self.positions)
        return self

    def __enter__(self) -> Life:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()


def fill(bench: Any, numbers: Sequence[int], partition: int = 0) -> None:
    bench.produce([b'{"a":%d}' % number for number in numbers], partition=partition)


def make_again(bench: Any, partitions: int = 2) -> None:
    bench.admin.delete([bench.topic])
    bench.admin.create(bench.topic, partitions=partitions)


def grow(bench: Any, partitions: int) -> None:
    """Add partitions, and wait until the broker tells clients of them."""
    add_partitions(bench.admin, bench.topic, partitions)
    limit = time.monotonic() + 30
    while partitions not in [t.partitions for t in bench.admin.topics() if t.name == bench.topic]:
        assert time.monotonic() < limit
        time.sleep(0.05)


def read(bench: Any, start: Mapping[str, Position], count: int, **options: str) -> Life:
    with Life(bench.source(bounded=False, **options), start) as life:
        return life.read_until(lambda life: len(life.numbers) >= count)


def offset(position: Any) -> int:
    return int(position["offset"])


def test_made_again_while_nobody_read(bench: Any) -> None:
    fill(bench, range(5))
    before = read(bench, {}, 5)
    make_again(bench)
    fill(bench, range(100, 110))
    with pytest.raises(ConnectorError) as caught:
        Life(bench.source(), before.positions)
    error = caught.value
    assert error.code == "connector.topic-recreated" and not error.retryable
    assert bench.topic in error.message and "scan.topic-recreated" in str(error.hint)
    for id_ in {position["topic_id"] for position in before.positions.values()}:  # type: ignore[index,call-overload]
        assert str(id_) in str(error.detail)


def test_what_the_error_says_mends_it(bench: Any) -> None:
    fill(bench, range(5))
    before = read(bench, {}, 5)
    make_again(bench, partitions=1)
    fill(bench, range(100, 110))
    anew = {"scan.topic-recreated": "begin-anew"}
    taken = read(bench, before.positions, 10, **anew)
    assert taken.numbers == list(range(100, 110))
    # The old topic's second partition is still in the positions; it does not count any more.
    fill(bench, [110])
    assert read(bench, taken.positions, 1).numbers == [110]


def test_positions_of_before_have_no_id_and_go_on(bench: Any) -> None:
    fill(bench, range(5))
    life = read(bench, {"0": 2, "1": 0}, 3)
    assert life.numbers == [2, 3, 4]
    assert life.positions["0"]["topic_id"]  # type: ignore[index,call-overload]
    assert read(bench, {"0": {"offset": 3, "topic_id": None}, "1": 0}, 2).numbers == [3, 4]


def test_made_again_while_it_is_read(bench: Any) -> None:
    fill(bench, range(5))
    with Life(bench.source(bounded=False), {}) as life:
        life.read_until(lambda life: len(life.numbers) == 5)
        make_again(bench)
        fill(bench, range(100, 110))
        with pytest.raises(ConnectorError) as caught:
            life.read_until(lambda _: False)
    assert caught.value.code == "connector.topic-recreated"
    assert not set(range(100, 105)) & set(life.numbers)  # and those from where it stood, maybe


def test_made_again_with_fewer_messages_while_it_is_read(bench: Any) -> None:
    fill(bench, range(5))
    with Life(bench.source(bounded=False), {}) as life:
        life.read_until(lambda life: len(life.numbers) == 5)
        make_again(bench)
        fill(bench, [100])
        with pytest.raises(ConnectorError) as caught:
            life.read_until(lambda _: False)
    assert caught.value.code == "connector.topic-recreated"
    assert life.numbers == list(range(5))


def test_partitions_added_while_it_is_read_come_from_their_first_message(bench: Any) -> None:
    fill(bench, range(5))
    options = {"scan_topic__partition__discovery_interval": "5 s",
               "scan_startup_mode": "latest-offset"}  # fmt: skip
    with Life(bench.source(bounded=False, **options), {}) as life:
        life.read_until(lambda life: len(life.positions) == 2)
        grow(bench, 3)
        fill(bench, [7, 8], partition=2)
        life.read_until(lambda life: len(life.numbers) == 2)
    assert life.numbers == [7, 8] and offset(life.positions["2"]) == 2


def test_what_comes_while_nobody_reads_is_read_whatever_the_startup_mode(bench: Any) -> None:
    fill(bench, range(5))
    latest = {"scan_startup_mode": "latest-offset"}
    with Life(bench.source(bounded=False, **latest), {}) as life:
        life.read_until(lambda life: len(life.positions) == 2)
    assert {name: offset(at) for name, at in life.positions.items()} == {"0": 5, "1": 0}
    fill(bench, [10], partition=0)  # in partitions without a row so far
    fill(bench, [11], partition=1)
    grow(bench, 3)
    fill(bench, [12], partition=2)
    assert sorted(read(bench, life.positions, 3, **latest).numbers) == [10, 11, 12]


@pytest.mark.parametrize("answer", [Uuid(0, 0), KafkaError.TOPIC_AUTHORIZATION_FAILED])
def test_who_gets_no_id_goes_on_without(bench: Any, answer: Any) -> None:
    fill(bench, range(5))
    before = read(bench, {}, 5)
    ids = TopicIds(parse(bench.table(), bench.job))
    future: Future[Any] = Future()
    if isinstance(answer, Uuid):  # what librdkafka gives for a broker before 2.8
        future.set_result(SimpleNamespace(topic_id=answer))
    else:
        future.set_exception(KafkaException(KafkaError(answer)))
    ids._asked = {bench.topic: future}
    assert ids.kept({"0": 3}) == {"0": 3} and not ids.of
    # What was known stays known, for the next start.
    assert ids.kept(before.positions) == before.positions
    assert ids.of[bench.topic] == before.positions["0"]["topic_id"]  # type: ignore[index,call-overload]
