"""An epoch's number is in the transaction before it is decided, or somebody is told."""

from __future__ import annotations

import threading

import pytest
from confluent_kafka import KafkaError, KafkaException

from tidemill.connectors.kafka.epoch_number import EpochNumber


def test_what_was_expected_is_sent_once_and_something_else_again() -> None:
    sent: list[int] = []
    number = EpochNumber(sent.append, 5)
    number.send(7)
    assert number.arrived(7) and number.arrived(7)
    assert sent == [7]
    number.forget()
    number.send(8)
    assert number.arrived(10)
    number.forget()
    assert number.arrived(11)
    assert sent == [7, 8, 10, 11]


def test_a_number_that_was_refused_has_not_arrived() -> None:
    sent: list[int] = []

    def refuse_first(epoch: int) -> None:
        sent.append(epoch)
        if len(sent) == 1:
            raise KafkaException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))

    number = EpochNumber(refuse_first, 5)
    number.send(7)
    with pytest.raises(KafkaException):
        number.arrived(7)
    assert number.arrived(7)
    assert sent == [7, 7]
    number.send(8)
    assert number.given_up(5)


def test_a_call_that_hangs_is_told() -> None:
    released = threading.Event()
    number = EpochNumber(lambda _: released.wait(30), 0.1)
    number.send(7)
    assert not number.arrived(7)
    number.send(8)
    assert not number.given_up(0.1)
    released.set()
