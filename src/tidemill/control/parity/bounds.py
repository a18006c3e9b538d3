"""The same input for both engines: every source read from its start to a fixed end.

A Kafka topic is its own recording: it is read from its begin to the offsets that it has now. A file
given by the user takes a table's place, in the table's own format. A source that gives other rows
on each read is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tidemill.connectors.kafka.admin import KafkaAdmin
from tidemill.connectors.kafka.records import ReadFrom, read_records
from tidemill.errors import UserError
from tidemill.records import dataclass
from tidemill.runners.flink import TableOptions
from tidemill.sql.logical import LogicalNode, Scan, Script, inputs

_KAFKA = ("kafka", "upsert-kafka")
_VALUE = "value."


@dataclass(frozen=True, slots=True)
class Input:
    """What a table was read from: `sha256` of all its bytes, in order; `rows` are messages."""

    table: str
    source: str
    sha256: str
    bytes: int
    rows: int | None = None


class Bounds:
    """Makes the options of the tables that are read final, and describes what they hold.

    Args:
        tables: the names of the tables that are read.
        files: a file of rows, by the name of the table whose place it takes.
        reveal: the plain value of an option, secrets put in.
    """

    def __init__(
        self, tables: set[str], files: Mapping[str, Path], reveal: Callable[[str], str]
    ) -> None:
        self._tables = tables
        self._files = files
        self._reveal = reveal
        self._ends: dict[str, dict[int, int]] = {}
        self.inputs: dict[str, Input] = {}
        self.notes: list[str] = []
        for name in files:
            if name not in tables:
                raise UserError(
                    f"the pipeline reads no table `{name}`",
                    code="parity.no-such-table",
                    hint=f"It reads: {', '.join(sorted(tables))}.",
                )

    def __call__(self, table: TableOptions) -> Mapping[str, str]:
        """The options with which both engines read the table; others stay as they are."""
        options = dict(table.options)
        if table.table not in self._tables:
            return options
        if table.table in self._files:
            return self._from_file(table, self._files[table.table])
        connector = options.get("connector")
        if connector in _KAFKA:
            return self._from_kafka(table, options)
        if connector == "filesystem":
            options.pop("source.monitor-interval", None)
            self._describe_files(table.table, Path(self._reveal(options["path"])))
            return options
        if connector == "jdbc":
            self.notes.append(f"{table.table} is read twice: nobody may change it meanwhile")
            return options
        raise UserError(
            f"the table `{table.table}` gives other rows on each read",
            code="parity.not-repeatable",
            where=table.where,
            hint=f"Give rows for it: --input {table.table}=FILE",
        )

    def _from_file(self, table: TableOptions, file: Path) -> Mapping[str, str]:
        kept = {"connector": "filesystem", "path": str(file.resolve())}
        for key, value in table.options.items():
            bare = key.removeprefix(_VALUE)
            form = table.options.get("format") or table.options.get("value.format") or "json"
            if bare == "format" or bare.startswith(f"{form}."):
                kept[bare] = value
        self._describe_files(table.table, file)
        return kept

    def _from_kafka(self, table: TableOptions, options: dict[str, str]) -> Mapping[str, str]:
        topic = self._reveal(options.get("topic", ""))
        if not topic or ";" in topic:
            self.notes.append(
                f"{table.table} has several topics: nobody may write to them meanwhile"
            )
            options["scan.bounded.mode"] = "latest-offset"
        else:
            ends = self._topic_ends(table.table, topic, options)
            listed = ";".join(f"partition:{p},offset:{end}" for p, end in ends.items())
            options["scan.bounded.mode"] = "specific-offsets"
            options["scan.bounded.specific-offsets"] = listed
        start = options.get("scan.startup.mode", "group-offsets")
        if options["connector"] == "kafka" and start not in _FIXED_STARTS:
            self.notes.append(f"{table.table} is read from the begin of its topic")
            options["scan.startup.mode"] = "earliest-offset"
        options["scan.watermark.emit.strategy"] = "on-event"
        return options

    def _topic_ends(self, table: str, topic: str, options: Mapping[str, str]) -> Mapping[int, int]:
        if table not in self._ends:
            admin = KafkaAdmin(
                {
                    key.removeprefix("properties."): self._reveal(value)
                    for key, value in options.items()
                    if key.startswith("properties.") and not key.endswith(_NOT_ADMIN)
                }
            )
            partitions = admin.describe(topic).partitions
            self._ends[table] = {p.partition: p.end for p in partitions}
            self.inputs[table] = _hash_topic(table, admin, topic, self._ends[table])
        return self._ends[table]

    def _describe_files(self, table: str, path: Path) -> None:
        if table in self.inputs:
            return
        digest, size = hashlib.sha256(), 0
        for file in _files(path):
            with file.open("rb") as content:
                while block := content.read(1 << 20):
                    digest.update(block)
                    size += len(block)
        self.inputs[table] = Input(table, str(path), digest.hexdigest(), size)


_FIXED_STARTS = ("earliest-offset", "specific-offsets", "timestamp")
_NOT_ADMIN = ("group.id", "isolation.level", "transaction.timeout.ms")


def tables_read(script: Script) -> set[str]:
    """The names of all tables that the queries of a script read."""

    def scans(node: LogicalNode) -> Iterator[str]:
        if isinstance(node, Scan):
            yield node.table.name
        for child in inputs(node):
            yield from scans(child)

    roots = [select.query for select in script.selects] + [i.query for i in script.inserts]
    return {name for root in roots for name in scans(root)}


def _hash_topic(table: str, admin: KafkaAdmin, topic: str, ends: Mapping[int, int]) -> Input:
    """Partition by partition, so that the sum is the same however the messages come in."""
    size = rows = 0
    digests = {partition: hashlib.sha256() for partition in ends}
    for record in read_records(admin, topic, ReadFrom()):
        if record.offset >= ends.get(record.partition, 0):
            continue
        for part in (record.key, record.value):
            digests[record.partition].update(b"-" if part is None else b"%d:" % len(part) + part)
            size += len(part or b"")
        rows += 1
    whole = hashlib.sha256()
    for partition in sorted(digests):
        whole.update(b"%d:" % partition + digests[partition].digest())
    return Input(table, f"topic {topic}", whole.hexdigest(), size, rows)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file())
    return [path] if path.is_file() else []
