"""The content of messages, read from the topics of the pipeline's own tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.properties import client_properties
from tidemill.connectors.kafka.records import ReadFrom, read_records
from tidemill.control.message_view import MessageView, view
from tidemill.control.pipeline import CompiledPipeline, opened
from tidemill.control.why.answer import Origin
from tidemill.control.why.thread import KAFKA
from tidemill.project import Project

_PREFIX = "properties."


class Fetching:
    """Reads messages by their places, of each row the first `messages_max` only."""

    def __init__(self, project: Project, compiled: CompiledPipeline, messages_max: int) -> None:
        self._messages_max = messages_max
        self._admins: dict[str, KafkaAdmin] = {}
        for stage in compiled.plan.sources:
            if stage.values is None and stage.table.options.get("connector") in KAFKA:
                table = opened(stage.table, compiled.source, project.root)
                admin = KafkaAdmin(_properties(table.options, table.name))
                for topic in table.options.get("topic", "").split(";"):
                    self._admins[topic.strip()] = admin

    def origins(self, places: Sequence[str]) -> tuple[Origin, ...]:
        """The messages in the order of their places."""
        parsed = []
        for place in places:
            topic, partition, offset = place.rsplit(":", 2)
            parsed.append((topic, int(partition), int(offset)))
        return tuple(
            Origin(*place, self._message(*place) if at < self._messages_max else None)
            for at, place in enumerate(sorted(parsed))
        )

    def _message(self, topic: str, partition: int, offset: int) -> MessageView | None:
        admin = self._admins.get(topic)
        if admin is None:
            return None
        records = read_records(admin, topic, ReadFrom((partition,), offset=offset))
        try:
            first = next(records, None)
        finally:
            records.close()
        return view(first) if first is not None and first.offset == offset else None


def _properties(options: Mapping[str, str], name: str) -> dict[str, str]:
    given = {k[len(_PREFIX) :]: v for k, v in options.items() if k.startswith(_PREFIX)}
    properties = client_properties(given, name)
    properties.pop("group.id", None)
    return properties
