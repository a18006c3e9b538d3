"""Reads the dead letters of pipelines, from their topics or files."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import ReadFrom, read_records
from tidemill.connectors.kafka.redrive import marks_in
from tidemill.control.pipeline_states import pipeline_state, pipeline_states
from tidemill.control.side_rows import kept_files, side_topics
from tidemill.control.topics import Cluster, bytes_as_data
from tidemill.errors import ConnectorError
from tidemill.project import Project


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it is kept; `redriven` says whether its message was put back."""

    table: str
    stage: str
    code: str
    message: str
    topic: str | None
    partition: str | None
    position: str | None
    timestamp_ms: int | None
    key: bytes | None
    value: bytes | None
    redriven: bool = False

    @property
    def origin(self) -> str | None:
        """Where its message was, as `TOPIC/PARTITION/OFFSET`; None where it was none of Kafka."""
        if self.topic is None or self.partition is None or self.position is None:
            return None
        return f"{self.topic}/{self.partition}/{self.position}"

    def as_dict(self) -> dict[str, Any]:
        """For `--json`; bytes that are not UTF-8 come as `{"base64": ...}`."""
        texts = {"key": bytes_as_data(self.key), "value": bytes_as_data(self.value)}
        return {"origin": self.origin, **asdict(self), **texts}


@dataclass(frozen=True, slots=True)
class LetterCount:
    """How many letters of a pipeline have the same table, stage and code."""

    pipeline: str
    table: str
    stage: str
    code: str
    letters: int
    redriven: int
    last_message: str


def marks_topic(pipeline: str) -> str:
    """The topic of the marks of what was put back."""
    return f"{pipeline}.dead-letter.redriven"


def letters(project: Project, cluster: Cluster, pipeline: str) -> Iterator[Letter]:
    """All dead letters of a pipeline, in their order; raises TidemillError."""
    name = pipeline_state(project, pipeline).name
    side = next(one for one in side_topics(project, name) if one.name == "dead-letter")
    if side.topic is None:
        yield from map(_letter, _from_files(Path(str(side.path))))
        return
    admin = cluster.admin()
    marks = marks_in(admin, marks_topic(name))
    for row in _from_topic(admin, side.topic):
        yield _letter(row, marks)


def letter_counts(project: Project, cluster: Cluster, pipeline: str | None) -> list[LetterCount]:
    """How many letters there are by table, stage and code; of all pipelines by default."""
    names = [pipeline_state(project, pipeline).name] if pipeline else [
        state.name for state in pipeline_states(project)
    ]  # fmt: skip
    found: list[LetterCount] = []
    for name in names:
        counts: Counter[tuple[str, str, str]] = Counter()
        back: Counter[tuple[str, str, str]] = Counter()
        last: dict[tuple[str, str, str], str] = {}
        for letter in letters(project, cluster, name):
            kind = (letter.table, letter.stage, letter.code)
            counts[kind] += 1
            back[kind] += letter.redriven
            last[kind] = letter.message
        found += [LetterCount(name, *kind, n, back[kind], last[kind]) for kind, n in counts.items()]
    return found


def _from_topic(admin: KafkaAdmin, topic: str) -> Iterator[Mapping[str, Any]]:
    try:
        for record in read_records(admin, topic, ReadFrom()):
            if record.value is not None:
                yield json.loads(record.value)
    except ConnectorError as error:
        if error.code != "connector.table-missing":  # it is made with the first letter
            raise


def _from_files(folder: Path) -> Iterator[Mapping[str, Any]]:
    for file in kept_files(folder):
        with file.open("rb") as lines:
            yield from (json.loads(line) for line in lines if line.strip())


def _letter(row: Mapping[str, Any], marks: set[str] | frozenset[str] = frozenset()) -> Letter:
    known: dict[str, Any] = {
        name: row.get(name) for name in Letter.__dataclass_fields__ if name != "redriven"
    }
    known |= {name: _raw(row.get(name)) for name in ("key", "value")}
    letter = Letter(**known)
    return replace(letter, redriven=letter.origin in marks)


def _raw(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()
