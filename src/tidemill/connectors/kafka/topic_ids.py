"""Whether a topic is still the one that was read: Kafka gives each an id when it is made (KIP-516).

Guarantees: a topic that was deleted and made again under its name is told by its id: at the start
before a row is read, and later within about two `LOOK_SECONDS` of rows that came. An id is asked
for without waiting, at most once in `LOOK_SECONDS`; nothing is done for a batch.
Non-guarantees: what was read between the making and the next look may be committed by then.
Brokers before 2.8 have no ids, and some may not be asked: then no topic is told from another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection

from tidemill.connectors.kafka.admin import TIMEOUT_S, KafkaAdmin
from tidemill.connectors.kafka.client import failure
from tidemill.connectors.kafka.options import KafkaTable
from tidemill.connectors.kafka.properties import SOURCE_ONLY
from tidemill.errors import ConnectorError, Where
from tidemill.model import Position

KEY = "topic_id"
"""The id's key in a position; None where no id was known."""
LOOK_SECONDS = 1.0
_NO_ID = "A" * 22
"""Sixteen zeros, which a broker without ids gives."""
_NEVER = (
    KafkaError._UNSUPPORTED_FEATURE,
    KafkaError.UNSUPPORTED_VERSION,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)
"""What a broker says that will not say it later either."""


class TopicIds:
    """The ids of one table's topics; used from the source's thread."""

    def __init__(self, table: KafkaTable) -> None:
        self._table = table
        self._anew = table.values["scan.topic-recreated"] == "begin-anew"
        self._asked: Mapping[str, Any] = {}
        self._silent = False
        self._look_at = 0.0
        self._owed = False
        self.of: dict[str, str] = {}
        """The id of each topic that is read, as far as it is known."""

    def ask(self, topics: Collection[str]) -> None:
        """Ask for the topics' ids; does not wait."""
        if self._silent:
            return
        wanted = {k: v for k, v in self._table.properties.items() if k not in SOURCE_ONLY}
        client = KafkaAdmin(wanted).client()
        self._asked = client.describe_topics(
            TopicCollection(list(topics)), request_timeout=TIMEOUT_S
        )

    def kept(self, start: Mapping[str, Position]) -> dict[str, Position]:
        """Those stored positions that are of the topics as they are now; waits for the answer.

        Where one partition of a topic has its id already, the change was taken before, and what is
        left of the old one does not count. Raises ConnectorError for a topic made again.
        """
        self.of |= self._answers(wait_s=TIMEOUT_S)
        stored: dict[str, dict[str, str]] = {}
        for name, position in start.items():
            topic, known = self._topic(name), id_in(position)
            if known is not None and topic in self.of:
                stored.setdefault(topic, {})[name] = known
        gone: set[str] = set()
        for topic, ids in stored.items():
            other = {name: known for name, known in ids.items() if known != self.of[topic]}
            if len(other) == len(ids) and not self._anew:
                raise self._recreated(topic, next(iter(other.values())), self.of[topic])
            gone |= other.keys()
        for name, position in start.items():
            # Who may not ask today keeps what was known yesterday.
            if (known := id_in(position)) is not None:
                self.of.setdefault(self._topic(name), known)
        return {name: position for name, position in start.items() if name not in gone}

    def look(self, topics: Callable[[], Collection[str]], *, came: bool) -> None:
        """Now and then compare what was asked for, and ask again for rows that `came` since."""
        self._owed = self._owed or came
        if time.monotonic() < self._look_at or not (self._owed or self._asked):
            return
        self._look_at = time.monotonic() + LOOK_SECONDS
        self._compare(self._answers(wait_s=0.0))
        self._asked = {}
        if self._owed:
            self._owed = False
            self.ask(topics())

    def look_now(self, topics: Collection[str]) -> None:
        """Ask, wait and compare."""
        self.ask(topics)
        self._compare(self._answers(wait_s=TIMEOUT_S, insist=False))

    def _compare(self, found: Mapping[str, str]) -> None:
        for topic, now in found.items():
            was = self.of.setdefault(topic, now)
            if was != now:
                raise self._recreated(topic, was, now, running=True)

    def _answers(self, wait_s: float, *, insist: bool = True) -> dict[str, str]:
        """The ids that have come; `insist`: a broker that does not answer in time is an error."""
        asked, found = self._asked, {}
        for topic, future in asked.items():
            if not wait_s and not future.done():
                continue
            try:
                topic_id = str(future.result(wait_s).topic_id)
            except KafkaException as error:
                self._refused(error.args[0], insist=insist and wait_s > 0)
                continue
            except TimeoutError:
                self._refused(KafkaError(KafkaError._TIMED_OUT), insist=insist)
                continue
            if topic_id != _NO_ID:
                found[topic] = topic_id
        return found

    def _refused(self, error: KafkaError, *, insist: bool) -> None:
        """Goes on without ids where they are not to be had."""
        if error.code() in _NEVER:
            self._silent = True
        elif insist and error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            where = Where(table=self._table.name)
            raise failure("ask for the topic's id", error, where, self._table.bootstrap)

    def _topic(self, name: str) -> str:
        return name.rpartition(":")[0] if self._table.several_topics else self._table.topics[0]

    def _recreated(
        self, topic: str, was: str, now: str, *, running: bool = False
    ) -> ConnectorError:
        seen = " Rows of it from the last seconds may have been read from there." if running else ""
        return ConnectorError(
            f"topic `{topic}` was deleted and made again since it was read",
            code="connector.topic-recreated",
            where=Where(table=self._table.name, topic=topic),
            detail=f"The position is of the topic with the id {was}; the one there now has the id "
            f"{now}, and its offsets count other messages.{seen}",
            hint="To read the new topic from its first message and keep the state: set "
            "'scan.topic-recreated' = 'begin-anew' on the table. To begin with new state: give the "
            "pipeline another name.",
            retryable=running and self._anew,
        )


def id_in(position: Position) -> str | None:
    """The topic's id in a stored position; None where it has none."""
    known = position.get(KEY) if isinstance(position, dict) else None
    return known if isinstance(known, str) else None


def begun(start: Mapping[str, Position]) -> bool:
    """Whether positions are of a source that has told one of each partition that it knew.

    Then a partition without one has come since, and is read from its first message.
    """
    return any(isinstance(position, dict) and KEY in position for position in start.values())
