"""The use case: what became of one message of a topic.

Asked are, in this order: the topic, the pipeline's position, its dead letters; then the pipeline
is computed anew, with the message and without it (`replay.py`).
"""

from __future__ import annotations

from pathlib import Path

from tidemill.control.account import committed_positions, next_offset
from tidemill.control.dead_letters.read import letters
from tidemill.control.messages import one_message
from tidemill.control.pipeline import compile_pipeline, opened
from tidemill.control.project_context import project_for, server_property
from tidemill.control.topics import Cluster
from tidemill.control.why_not.fate import Fate
from tidemill.control.why_not.place import Place, reading
from tidemill.control.why_not.replay import replayed
from tidemill.errors import TidemillError, UserError, Where
from tidemill.interfaces.history import HistoryProof
from tidemill.model import TableDescriptor
from tidemill.project import PipelineFile, Project


def why_not(folder: Path | None, wanted: str, place: Place) -> Fate:
    """Where a message ended; raises UserError where there is none, or the pipeline reads no such.

    Args:
        folder: the project's folder.
        wanted: the pipeline, by name or path.
        place: the message.
    """
    project = project_for(wanted, folder)
    pipeline = project.pipeline(wanted)
    compiled = compile_pipeline(project, pipeline)
    table = reading(compiled, place)
    cluster = cluster_of(project, opened(table, compiled.source, project.root))
    if one_message(cluster, place.topic, place.partition, place.offset) is None:
        raise UserError(
            f"there is no message at {place}",
            code="control.no-message",
            where=Where(topic=place.topic, partition=place.partition, offset=place.offset),
            hint="It was never written, belongs to a transaction that was aborted, or retention "
            "has removed it.",
        )
    before = _before_it_ran(project, cluster, pipeline, table, place)
    return before or replayed(project, pipeline, compiled, table, place)


def cluster_of(project: Project, table: TableDescriptor) -> Cluster:
    """The project's Kafka, or where the project has none, that of the table."""
    try:
        server_property(project, "kafka.bootstrap")
    except TidemillError:
        return Cluster(project.root, table.options["properties.bootstrap.servers"])
    return Cluster(project.root)


def _before_it_ran(
    project: Project, cluster: Cluster, pipeline: PipelineFile, table: TableDescriptor, place: Place
) -> Fate | None:
    """The answer where the message went into no step: it waits, or was set aside."""

    def fate(ended: str, *said: str) -> Fate:
        return Fate(pipeline.name, place, table.name, ended, said)

    positions = committed_positions(project, pipeline.name)
    if positions is None:
        return None
    of_table = positions.get(table.name, {})
    proof = HistoryProof.of(of_table)
    if proof is not None and not proof.done:
        return fate("waiting", f"The history {proof.table} is still being read, then the topic is.")
    if proof is not None and place.offset < (proof.fence or {}).get(str(place.partition), 0):
        return fate(
            "history",
            f"It lies before the fence: the history {proof.table} stands for it.",
        )
    at = of_table.get(str(place.partition), of_table.get(f"{place.topic}:{place.partition}"))
    following = next_offset(at)
    if of_table and following is None:
        return fate("waiting", f"Partition {place.partition} has not been read yet.")
    if following is not None and place.offset >= following:
        return fate(
            "waiting",
            f"It has not been read yet: the pipeline has committed partition {place.partition} up "
            f"to offset {following - 1:,}.",
        )
    for letter in letters(project, cluster, pipeline.name):
        origin = (letter.topic, letter.partition, letter.position)
        if origin == (place.topic, str(place.partition), str(place.offset)):
            back = " Its message was put back into the topic." if letter.redriven else ""
            return fate(
                "dead-letter",
                f"It is a dead letter: {letter.code}: {letter.message} ({letter.stage}).{back}",
            )
    return None
