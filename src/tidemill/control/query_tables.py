"""What a query may ask: the topics of the project's Kafka, and files that its pipelines write.

A topic's rows are its newest messages, decoded: columns of JSON objects, with `_partition`,
`_offset`, `_timestamp_ms` and `_key` before them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from tidemill.control.masks import Masks
from tidemill.control.message_schemas import MessageSchemas
from tidemill.control.message_view import MessageView, envelope
from tidemill.control.messages import SCANNED_MAX, Browse, browse
from tidemill.control.pipeline_states import pipeline_states
from tidemill.control.topics import Cluster, list_topics
from tidemill.errors import ConnectorError, ProjectError
from tidemill.project import Project
from tidemill.records import dataclass

MESSAGES_MAX = 1000
_FILES = (".json", ".jsonl", ".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class QueryTable:
    """A table by its name in SQL; `place` is the topic or folder."""

    name: str
    kind: Literal["topic", "files"]
    place: str

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        return asdict(self)


def query_tables(project: Project, cluster: Cluster) -> list[QueryTable]:
    """All tables; topics only where Kafka answers."""
    found = {
        node["table"]: QueryTable(node["table"], "files", str(project.root / node["place"]))
        for state in pipeline_states(project)
        for node in state.graph()["nodes"]
        if node.get("connector") == "filesystem" and node.get("place")
    }
    tables = list(found.values())
    try:
        tables += [QueryTable(topic.name, "topic", topic.name) for topic in list_topics(cluster)]
    except (ConnectorError, ProjectError):
        return tables
    return tables


def files_of(table: QueryTable) -> list[str]:
    """The data files of a folder, or the file itself."""
    path = Path(table.place)
    if path.is_file():
        return [str(path)]
    return sorted(
        str(file)
        for file in path.rglob("*")
        if file.is_file() and file.name[:1] not in "._" and file.suffix in (*_FILES, "")
    )


def topic_rows(cluster: Cluster, topic: str, masks: Masks, schemas: MessageSchemas) -> pa.Table:
    """The newest messages of a topic as a table."""
    limit = min(MESSAGES_MAX, SCANNED_MAX)
    page = browse(cluster, Browse(topic, limit=limit, masks=masks, schemas=schemas))
    return as_table(page.messages)


def as_table(messages: Iterable[MessageView]) -> pa.Table:
    """Messages as columns; a column whose values are of several kinds is text."""
    rows = [_row(message) for message in messages]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: _column([row.get(name) for row in rows]) for name in names}
    return pa.table(columns) if columns else pa.table({"_offset": pa.array([], pa.int64())})


def _row(message: MessageView) -> dict[str, Any]:
    record, value = message.record, message.value.value
    row: dict[str, Any] = {
        "_partition": record.partition,
        "_offset": record.offset,
        "_timestamp_ms": record.timestamp_ms,
        "_key": message.key.text if record.key is not None else None,
    }
    if message.value.encoding == "debezium":
        change = envelope(value)
        body = change["after"] or change["before"] or {}
        return {**row, "_op": change["op"], **(body if isinstance(body, dict) else {})}
    if isinstance(value, dict):
        return {**row, **value}
    return {**row, "value": message.value.text if record.value is not None else None}


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])
