"""The filesystem source and sink keep the laws of sources and sinks, in every file format."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pyarrow import parquet

from tidemill.connectors.filesystem.connector import CONNECTOR
from tidemill.errors import ConnectorError
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.interfaces.sink import CommitGroup
from tidemill.interfaces.source import Source
from tidemill.model import Batch, Column, Position, Schema, TableDescriptor
from tidemill.model.types import INT, STRING
from tidemill.testing import SinkContract, SourceContract, drain

SCHEMA = Schema((Column("a", INT), Column("b", STRING)))
JOB = JobContext("job", FORMATS)


def records(first: int, count: int) -> pa.RecordBatch:
    rows = [{"a": i, "b": f'x "{i}"\n, é'} for i in range(first, first + count)]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA.arrow())


class Files:
    format: str
    options: ClassVar[dict[str, str]] = {}

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.open_folder(tmp_path)

    def open_folder(self, tmp_path: Path) -> None:
        self.root = tmp_path / "files"
        self.root.mkdir()
        self.filled = 0
        self.names = itertools.count(1)

    def descriptor(self, **more: str) -> TableDescriptor:
        given = {"connector": "filesystem", "path": str(self.root), "format": self.format}
        return TableDescriptor("t", SCHEMA, {**given, **self.options, **more})

    def group(self) -> CommitGroup:
        assert CONNECTOR.commit_group is not None
        return CONNECTOR.commit_group([self.descriptor()], JOB)


class FilesSource(Files, SourceContract):
    def source(self, *, bounded: bool) -> Source:
        assert CONNECTOR.source is not None
        watch = {} if bounded else {"source.monitor-interval": "50 ms"}
        return CONNECTOR.source(self.descriptor(**watch), JOB)

    def fill(self, count: int) -> None:
        """The rows go into two new files, neither of them empty."""
        for part in (count // 2, count - count // 2):
            rows = records(self.filled, part)
            self.filled += part
            self.write_file(self.root / f"{next(self.names):03d}", rows)

    def write_file(self, path: Path, rows: pa.RecordBatch) -> None:
        raise NotImplementedError


class TestJsonSource(FilesSource):
    format = "json"

    def write_file(self, path: Path, rows: pa.RecordBatch) -> None:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.to_pylist()))


class TestCsvSource(FilesSource):
    """Quoted values go over several lines, and the last line has no end."""

    format = "csv"

    def write_file(self, path: Path, rows: pa.RecordBatch) -> None:
        with path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(r.values() for r in rows.to_pylist())
        path.write_bytes(path.read_bytes()[:-1])


class TestDebeziumSource(FilesSource):
    format = "debezium-json"

    def write_file(self, path: Path, rows: pa.RecordBatch) -> None:
        changes = [{"before": None, "after": row, "op": "c"} for row in rows.to_pylist()]
        path.write_text("".join(json.dumps(change) + "\n" for change in changes))


class TestParquetSource(FilesSource):
    format = "parquet"

    def write_file(self, path: Path, rows: pa.RecordBatch) -> None:
        parquet.write_table(pa.Table.from_batches([rows]), path, row_group_size=17)


@pytest.mark.parametrize(
    ("source", "position", "code"),
    [
        (TestJsonSource, {"offset": 10**6}, "connector.file-changed"),
        (TestJsonSource, {"offset": -1}, "connector.bad-position"),
        (TestJsonSource, {"row_group": 0, "row": 1}, "connector.bad-position"),
        (TestParquetSource, {"row_group": 9, "row": 0}, "connector.file-changed"),
        (TestParquetSource, {"row_group": 0, "row": 18}, "connector.file-changed"),
        (TestParquetSource, {"row_group": 0, "row": -1}, "connector.bad-position"),
        (TestParquetSource, {"offset": 0}, "connector.bad-position"),
    ],
)
def test_a_position_that_the_file_does_not_have_is_refused(
    source: type[FilesSource], position: Position, code: str, tmp_path: Path
) -> None:
    made = source()
    made.open_folder(tmp_path)
    made.fill(40)
    with pytest.raises(ConnectorError) as caught:
        drain(made.source(bounded=True), {str(made.root / "001"): position}, rows_max=100)
    assert caught.value.code == code


class WrittenByTheSink(FilesSource):
    """What the sink commits is what the source reads."""

    def fill(self, count: int) -> None:
        group = self.group()
        try:
            epoch = (group.open() or 0) + 1
            for part in (count // 2, count - count // 2):
                assert group.writer("t").write(Batch(records(self.filled, part))) == []
                assert group.prepare(epoch) == []
                group.commit(epoch, {})
                self.filled += part
                epoch += 1
        finally:
            group.close()


class TestSinkToSourceJson(WrittenByTheSink):
    format = "json"


class TestSinkToSourceCsv(WrittenByTheSink):
    format = "csv"


class TestSinkToSourceParquet(WrittenByTheSink):
    format = "parquet"


class FilesSink(Files, SinkContract):
    def batch(self, first: int, count: int) -> Batch:
        return Batch(records(first, count))

    def visible(self) -> list[Any]:
        """Read without the connector's own reader."""
        return sorted(n for path in self.root.glob("[!.]*") for n in self.numbers(path))

    def numbers(self, path: Path) -> list[int]:
        raise NotImplementedError


class TestJsonSink(FilesSink):
    format = "json"

    def numbers(self, path: Path) -> list[int]:
        return [json.loads(line)["a"] for line in path.read_text().splitlines()]


class TestCsvSink(FilesSink):
    format = "csv"

    def numbers(self, path: Path) -> list[int]:
        with path.open(newline="") as file:
            return [int(row[0]) for row in csv.reader(file)]


class TestParquetSink(FilesSink):
    format = "parquet"

    def numbers(self, path: Path) -> list[int]:
        numbers: list[int] = parquet.read_table(path)["a"].to_pylist()
        return numbers


class TestSinkThatRollsEarly(TestJsonSink):
    """Many small files per epoch, all decided by one commit."""

    options: ClassVar = {"sink.rolling-policy.file-size": "1 kb"}
