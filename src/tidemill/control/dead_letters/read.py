"""Reads the dead letters of pipelines, from their topics or files."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import ReadFrom, read_records
from tidemill.connectors.kafka.redrive import marks_in
from tidemill.control.pipeline_states import pipeline_state, pipeline_states
from tidemill.control.side_rows import kept_files, side_topics
from tidemill.control.topics import Cluster, bytes_as_data
from tidemill.errors import ConnectorError
from tidemill.model import DeadLetter
from tidemill.project import Project
from tidemill.records import dataclass

FOREIGN = "foreign"
"""The stage of what lies among the letters and is none; its table is the place."""
FOREIGN_CODE = "control.no-letter"


@dataclass(frozen=True, slots=True)
class Letter(DeadLetter):
    """A dead letter as it is kept; `redriven` says whether its message was put back."""

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
        yield from _from_files(Path(str(side.path)))
        return
    admin = cluster.admin()
    marks = marks_in(admin, marks_topic(name))
    yield from _from_topic(admin, side.topic, marks)


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


def _from_topic(
    admin: KafkaAdmin, topic: str, marks: set[str] | frozenset[str]
) -> Iterator[Letter]:
    try:
        for record in read_records(admin, topic, ReadFrom()):
            if record.value is not None:
                place = f"{topic}/{record.partition}/{record.offset}"
                yield _letter(record.value, place, record.key, marks)
    except ConnectorError as error:
        if error.code != "connector.table-missing":  # it is made with the first letter
            raise


def _from_files(folder: Path) -> Iterator[Letter]:
    for file in kept_files(folder):
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _letter(line, f"{file.name}:{number}")


class _Row(msgspec.Struct):
    """A letter as the dead-letter table's JSON has it."""

    table: str
    stage: str
    code: str
    message: str
    topic: str | None = None
    partition: str | None = None
    position: str | None = None
    timestamp_ms: int | None = None
    key: str | None = None
    value: str | None = None


_ROWS = msgspec.json.Decoder(_Row)


def _letter(
    raw: bytes, place: str, key: bytes | None = None, marks: set[str] | frozenset[str] = frozenset()
) -> Letter:
    """The letter in these bytes, or one that says why they are none."""
    try:
        row = _ROWS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _foreign(raw, place, key, str(error))
    known = msgspec.structs.asdict(row)
    letter = Letter(**{**known, "key": _raw(row.key), "value": _raw(row.value)})
    return replace(letter, redriven=letter.origin in marks)


def _foreign(raw: bytes, place: str, key: bytes | None, why: str) -> Letter:
    """Something in the place of letters that no pipeline wrote."""
    reason = f"what lies at {place} is no dead letter of a pipeline's: {why}"
    return Letter(place, FOREIGN, FOREIGN_CODE, reason, None, None, None, None, key, raw)


def _raw(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: text that is not ASCII
        return text.encode()
