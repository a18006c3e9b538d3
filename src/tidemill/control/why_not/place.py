"""The place of a message, and the table of a pipeline that reads it."""

from __future__ import annotations

from tidemill.control.pipeline import CompiledPipeline
from tidemill.errors import UserError, Where, did_you_mean
from tidemill.model import TableDescriptor
from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A message: topic, partition, offset."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f"{self.topic}:{self.partition}:{self.offset}"


def parse_place(text: str) -> Place:
    """`TOPIC:PARTITION:OFFSET`; raises UserError."""
    topic, _, rest = text.partition(":")
    partition, _, offset = rest.partition(":")
    if not (topic and partition.isdigit() and offset.isdigit()):
        raise UserError(
            f"`{text}` is no place of a message",
            code="control.message-place",
            hint="Write it as TOPIC:PARTITION:OFFSET, such as trips:0:42.",
        )
    return Place(topic, int(partition), int(offset))


def reading(compiled: CompiledPipeline, place: Place) -> TableDescriptor:
    """The source table that reads the topic."""
    known: dict[str, TableDescriptor] = {}
    for stage in compiled.plan.sources:
        for topic in stage.table.options.get("topic", "").split(";"):
            known.setdefault(topic.strip(), stage.table)
    table = known.get(place.topic)
    if table is None:
        known.pop("", None)
        raise UserError(
            f"the pipeline reads no topic `{place.topic}`",
            code="control.no-such-source",
            hint=did_you_mean(place.topic, known)
            or (f"It reads: {', '.join(sorted(known))}." if known else "It reads no topic."),
        )
    if table.options["connector"] != "kafka":
        raise UserError(
            f"`{table.name}` holds the newest message of each key, so one of them alone says "
            "nothing",
            code="control.no-such-source",
            where=Where(table=table.name),
            hint="Ask for a message of a table with 'connector' = 'kafka'.",
        )
    return table
