"""Late rows and dead letters of a pipeline, wherever they are kept: topics, or JSON files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidemill.control.masks import NO_MASKS, Masks
from tidemill.control.message_filter import MessageFilter
from tidemill.control.messages import LIMIT_MAX, Browse, browse
from tidemill.control.pipeline_states import pipeline_state
from tidemill.control.topics import Cluster
from tidemill.errors import ConnectorError, UserError, Where
from tidemill.project import Project
from tidemill.records import dataclass

_BYTES_MAX = 8 << 20


@dataclass(frozen=True, slots=True)
class SideTable:
    """`name` is `dead-letter` or `<table>.late`; it lies in `topic`, or below `path`."""

    name: str
    rows: int
    topic: str | None
    path: str | None

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        return asdict(self)


def side_topics(project: Project, pipeline: str) -> list[SideTable]:
    """The side tables of a pipeline, with how many rows each was given so far."""
    state = pipeline_state(project, pipeline)
    folder = project.state_dir / "pipelines" / state.name
    nodes = state.graph()["nodes"]
    in_kafka = any(node.get("connector") in ("kafka", "upsert-kafka") for node in nodes)
    counts = state.counters
    dead = sum(count for key, count in counts.items() if key.endswith((".dead", ".lost")))
    found = [_table("dead-letter", dead, state.name, folder / "dead-letter", in_kafka)]
    for node in nodes:
        late = counts.get(f"source.{node.get('table')}.late", 0)
        if node["kind"] == "source" and late:
            short = str(node["table"]).rsplit(".", 1)[-1]
            path = folder / "late" / str(node["table"])
            found.append(_table(f"{short}.late", late, state.name, path, in_kafka))
    return found


def side_rows(
    project: Project,
    cluster: Cluster,
    pipeline: str,
    table: str,
    *,
    limit: int = 100,
    text: str = "",
    masks: Masks = NO_MASKS,
) -> list[dict[str, Any]]:
    """The newest rows, newest first; the bytes of a dead letter's key and value as text."""
    side = next((one for one in side_topics(project, pipeline) if one.name == table), None)
    if side is None:
        raise UserError(
            f"{pipeline} has no side table `{table}`",
            code="console.bad-request",
            where=Where(pipeline=pipeline),
        )
    if side.topic is None:
        rows = _from_files(Path(str(side.path)))
    else:
        # What is masked is looked for after it was masked, so in more messages.
        rows = (
            _from_topic(cluster, side.topic, LIMIT_MAX, "")
            if masks.marks and text
            else _from_topic(cluster, side.topic, limit, text)
        )
    shown = (_masked(_readable(row), masks) for row in rows)
    wanted = (row for row in shown if text.lower() in _line(row).lower())
    return [row for row, _ in zip(wanted, range(limit), strict=False)]


def _table(name: str, rows: int, pipeline: str, path: Path, in_kafka: bool) -> SideTable:
    if in_kafka:
        return SideTable(name, rows, f"{pipeline}.{name}", None)
    return SideTable(name, rows, None, str(path))


def _from_topic(cluster: Cluster, topic: str, limit: int, text: str) -> Iterator[Mapping[str, Any]]:
    try:
        page = browse(cluster, Browse(topic, limit=limit, wanted=MessageFilter(value=text)))
    except ConnectorError as error:
        if error.code == "connector.table-missing":
            return  # it is made with the first row
        raise
    for message in page.messages:
        value = message.value.value
        yield value if isinstance(value, dict) else {"value": message.value.text}


def kept_files(folder: Path) -> list[Path]:
    """The finished files of a side table without Kafka, oldest first."""
    files = [file for file in folder.rglob("*") if file.is_file() and _is_seen(file, folder)]
    return sorted(files, key=lambda one: (one.stat().st_mtime, one.name))


def _is_seen(file: Path, folder: Path) -> bool:
    """Not what a sink keeps for itself: hidden files, and those in hidden folders."""
    return not any(part[0] in "._" for part in file.relative_to(folder).parts)


def _from_files(folder: Path) -> Iterator[Mapping[str, Any]]:
    for file in reversed(kept_files(folder)):
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - _BYTES_MAX))
            lines = opened.read().decode("utf-8", "replace").splitlines()
        for line in reversed(lines):
            try:
                yield json.loads(line)
            except ValueError:
                continue  # the first line may be half of one


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A dead letter's bytes as text where they are UTF-8; other rows as they are."""
    if "code" not in row or "stage" not in row:
        return dict(row)
    return {key: _text(value) if key in ("key", "value") else value for key, value in row.items()}


def _masked(row: dict[str, Any], masks: Masks) -> dict[str, Any]:
    """A row with what is personal hidden, also inside a dead letter's key and value."""
    found = masks.row(row)
    if "code" in row and "stage" in row:
        for key in ("key", "value", "message"):
            if isinstance(found.get(key), str):
                found[key] = masks.text(found[key])
    return found


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        raw = base64.b64decode(value, validate=True)
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.hex(" ")
    except ValueError:
        return value
