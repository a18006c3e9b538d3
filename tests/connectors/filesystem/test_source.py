"""The filesystem source: lines and Parquet, positions, partitions, damaged files, watching."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tidemill.connectors.filesystem.connector import CONNECTOR
from tidemill.connectors.filesystem.lines import LineReader
from tidemill.connectors.filesystem.paths import escape, local_path, partition_values
from tidemill.errors import ConnectorError, ProjectError
from tidemill.model import DataType, TypeRoot
from tidemill.model import types as t


def write_lines(path: Path, lines: list[str], end: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def test_lines_of_several_files_in_the_order_of_paths(files, simple):
    for name, first in (("b.json", 3), ("a/x.json", 1), ("a/.hidden", 90), ("_tmp/y.json", 91)):
        write_lines(
            files.root / "in" / name, [json.dumps({"id": i, "v": name}) for i in (first, first + 1)]
        )
    batches = files.read(files.table(simple, files.root / "in"))
    assert files.rows(batches) == [(1, "a/x.json"), (2, "a/x.json"), (3, "b.json"), (4, "b.json")]
    pattern = files.table(simple, files.root / "in" / "*.json")
    assert files.rows(files.read(pattern)) == [(3, "b.json"), (4, "b.json")]
    chosen = files.table(simple, files.root / "in", **{"source.path.regex-pattern": ".*/x.json"})
    assert [r[0] for r in files.rows(files.read(chosen))] == [1, 2]
    url = files.table(simple, f"file://{files.root}/in/b.json")
    assert [r[0] for r in files.rows(files.read(url))] == [3, 4]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_reading_on_from_any_position_gives_the_rest(files, simple, ending):
    lines = [json.dumps({"id": i, "v": "ü" * (i % 5)}) for i in range(50)]
    lines[10:10] = ["", "not json"]
    path = write_lines(files.root / "in" / "a.json", lines, ending)
    path.write_bytes(path.read_bytes() + b'{"id": 50, "v": "no end"}')
    table = files.table(simple, files.root / "in")
    batches = files.read(table, rows_max=7)
    whole = files.rows(batches)
    assert [r[0] for r in whole] == list(range(51))
    assert sum(len(b.dead_letters) for b in batches) == 1
    assert sum(b.skipped for b in batches) == 1
    done = 0
    for batch in batches:
        done += batch.rows.num_rows
        position = json.loads(json.dumps(batch.position))
        assert files.rows(files.read(table, {str(path): position})) == whole[done:]


def test_a_bad_line_keeps_its_bytes_and_place(files, simple):
    path = write_lines(files.root / "in" / "a.json", ['{"id": 1}', '{"id": "x"', '{"id": 3}'])
    (batch,) = files.read(files.table(simple, files.root / "in"))
    (letter,) = batch.dead_letters
    assert letter.value == b'{"id": "x"'
    assert (letter.partition, letter.position) == (str(path), "10")
    assert files.rows([batch]) == [(1, None), (3, None)]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.text('ab"\r,é', max_size=8).map(str.encode), max_size=12),
    st.integers(1, 5), st.booleans(), st.booleans(),
)  # fmt: skip
def test_lines_and_offsets_agree(tmp_path, lines, step, quoted, ends):
    path = tmp_path / "x"
    data = b"\n".join(lines) + (b"\n" if ends else b"")
    path.write_bytes(data)
    quote = b'"' if quoted else None
    reader = LineReader(path.open("rb"), 0, quote)
    seen = []
    while part := reader.read(step):
        seen += part
        again = LineReader(path.open("rb"), reader.offset, quote)
        rest = again.read(1000)
        again.close()
        follow = LineReader(path.open("rb"), 0, quote)
        assert follow.read(1000) == seen + rest
        follow.close()
    reader.close()
    assert reader.offset == len(data)
    if not quoted:
        expected = data.split(b"\n")
        expected = expected[:-1] if expected[-1] == b"" else expected
        assert [line for _, line in seen] == [e.rstrip(b"\r") for e in expected]


def test_quoted_line_ends_belong_to_the_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'1,"two\nlines"\n2,"a""b"\n3,stray " quote\n4,x\n')
    reader = LineReader(path.open("rb"), 0, b'"')
    assert [line for _, line in reader.read(10)] == [
        b'1,"two\nlines"', b'2,"a""b"', b'3,stray " quote', b"4,x",
    ]  # fmt: skip
    reader.close()


TYPES = {
    "i": t.INT, "n": t.decimal(10, 2), "s": t.STRING, "by": t.BYTES, "da": t.DATE,
    "ti": DataType(TypeRoot.TIME, precision=3), "ts": t.timestamp(3), "lt": t.timestamp_ltz(6),
    "a": DataType(TypeRoot.ARRAY, element=t.INT),
    "m": DataType(TypeRoot.MAP, key=t.STRING, value=t.INT),
}  # fmt: skip


def test_parquet_of_other_widths_is_read_in_the_declared_types(files):
    noon = dt.datetime(2026, 1, 1, 12, 0, 0, 123000)  # noqa: DTZ001
    data = pa.table({
        "extra": ["x"], "i": pa.array([7], pa.int64()), "n": pa.array([Decimal("1.5")]),
        "s": pa.array(["a"], pa.large_string()).dictionary_encode(), "by": [b"x"],
        "da": [noon.date()], "ti": pa.array([1000], pa.time64("us")),
        "ts": pa.array([noon], pa.timestamp("ns")),
        "lt": pa.array([noon], pa.timestamp("ms", "UTC")),
        "a": pa.array([[1, None]], pa.large_list(pa.int8())),
        "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
    })  # fmt: skip
    (files.root / "in").mkdir()
    parquet.write_table(data, files.root / "in" / "a.parquet")
    (row,) = files.rows(files.read(files.table(TYPES, files.root / "in", format="parquet")))
    assert row == (
        7, Decimal("1.50"), "a", b"x", noon.date(), dt.time(0, 0, 0, 1000), noon,
        noon.replace(tzinfo=dt.UTC), [1, None], [("k", 1)],
    )  # fmt: skip


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.integers(0, 60), group=st.integers(1, 20), step=st.integers(1, 30))
def test_parquet_positions_are_exact(files, rows, group, step):
    path = files.root / "p" / "a.parquet"
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(
        pa.table({"id": pa.array(range(rows), pa.int32())}), path, row_group_size=group
    )
    table = files.table({"id": t.INT}, files.root / "p", format="parquet")
    batches = files.read(table, rows_max=step)
    assert files.rows(batches) == [(i,) for i in range(rows)]
    done = 0
    for batch in batches:
        done += batch.rows.num_rows
        position = json.loads(json.dumps(batch.position))
        again = files.rows(files.read(table, {str(path): position}))
        assert again == [(i,) for i in range(done, rows)]


def test_values_that_do_not_fit_are_set_aside(files):
    (files.root / "in").mkdir()
    data = pa.table(
        {"id": pa.array([1, 2**40, 3, None]), "n": [Decimal("1"), None, Decimal("12345"), None]}
    )
    parquet.write_table(data, files.root / "in" / "a.parquet")
    table = files.table({"id": t.INT, "n": t.decimal(4, 1)}, files.root / "in", format="parquet")
    (batch,) = files.read(table)
    assert files.rows([batch]) == [(1, Decimal("1.0")), (None, None)]
    assert [json.loads(x.value)["id"] for x in batch.dead_letters] == [2**40, 3]


def test_a_damaged_or_foreign_parquet_file_is_set_aside_and_the_rest_go_on(files):
    folder = files.root / "in"
    folder.mkdir()
    good = pa.table({"id": pa.array([1, 2], pa.int32())})
    parquet.write_table(good, folder / "a.parquet")
    parquet.write_table(good, folder / "d.parquet")
    whole = (folder / "a.parquet").read_bytes()
    (folder / "b.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "b0.parquet").write_bytes(b"")
    parquet.write_table(pa.table({"other": ["x"], "id": ["y"]}), folder / "c.parquet")
    table = files.table({"id": t.INT}, folder, format="parquet")
    batches = files.read(table)
    assert files.rows(batches) == [(1,), (2,), (1,), (2,)]
    letters = [x for b in batches for x in b.dead_letters]
    assert [(Path(x.partition).name, x.code) for x in letters] == [
        ("b.parquet", "connector.bad-file"), ("b0.parquet", "connector.bad-file"),
        ("c.parquet", "connector.schema-mismatch"),
    ]  # fmt: skip
    assert "`id` is string and not INT" in letters[2].message
    for name, code in (
        ("b.parquet", "connector.bad-file"),
        ("c.parquet", "connector.schema-mismatch"),
    ):
        with pytest.raises(ConnectorError) as caught:
            files.read(files.table({"id": t.INT}, folder / name, format="parquet"))
        assert caught.value.code == code
        assert name in caught.value.message
    with pytest.raises(ConnectorError, match=r"`nope` is missing\. Declared: nope INT"):
        files.read(files.table({"nope": t.INT}, folder / "a.parquet", format="parquet"))


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_partition_and_metadata_columns(files, format):
    for day, hour in (("2026-01-01", "7"), ("2026-01-02", "__HIVE_DEFAULT_PARTITION__")):
        folder = files.root / "in" / f"day={day}" / f"h={hour}"
        folder.mkdir(parents=True)
        if format == "json":
            write_lines(folder / "x.json", ['{"id": 1}'])
        else:
            parquet.write_table(pa.table({"id": pa.array([1], pa.int32())}), folder / "x.json")
    (files.root / "in" / "day=soon" / "h=1").mkdir(parents=True)
    write_lines(files.root / "in" / "day=soon" / "h=1" / "x.json", ["{}"])
    table = files.table(
        {"id": t.INT, "day": t.DATE, "h": t.INT}, files.root / "in", format=format,
        partitioned=("day", "h"),
        metadata={
            "p": "file.path", "nm": "file.name", "sz": "file.size", "mt": "file.modification-time",
        },
    )  # fmt: skip
    CONNECTOR.source_changelog(table, files.job())
    batches = files.read(table)
    rows = files.rows(batches)
    assert [r[:3] for r in rows] == [(1, dt.date(2026, 1, 1), 7), (1, dt.date(2026, 1, 2), None)]
    assert rows[0][3] == str(files.root / "in/day=2026-01-01/h=7/x.json")
    assert rows[0][4] == "x.json"
    assert rows[0][5] == Path(rows[0][3]).stat().st_size
    assert abs(rows[0][6].timestamp() - Path(rows[0][3]).stat().st_mtime) < 0.002
    (letter,) = (x for b in batches for x in b.dead_letters)
    assert "day=soon" in letter.message


def test_watching_finds_new_files_and_never_ends(files, simple):
    table = files.table(simple, files.root / "in", **{"source.monitor-interval": "20 ms"})
    assert not CONNECTOR.bounded(table, files.job())
    source = CONNECTOR.source(table, files.job())
    source.open({})
    assert source.read(10, 50) == []
    path = write_lines(files.root / "in" / "a.json", ['{"id": 1}'])
    batches = []
    while not batches:
        batches = source.read(10, 500)
    assert files.rows(batches) == [(1, None)]
    assert source.read(10, 60) == []
    assert source.caught_up()
    assert not source.finished()
    write_lines(files.root / "in" / "b.json", ['{"id": 2}'])
    assert not source.caught_up()
    source.close()
    again = CONNECTOR.source(table, files.job())
    again.open({str(path): batches[-1].position})
    assert files.rows(list(again.read(10, 500))) == [(2, None)]
    again.close()


def test_only_needed_columns_are_read(files):
    (files.root / "in").mkdir()
    parquet.write_table(
        pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), files.root / "in" / "a.parquet"
    )
    columns = {"a": t.INT, "b": t.STRING}
    for needed, row in ((frozenset({"b"}), (None, "x")), (frozenset(), (None, None))):
        table = files.table(columns, files.root / "in", format="parquet", needed=needed)
        assert files.rows(files.read(table)) == [row]


def test_a_missing_path_a_shrunken_file_and_a_gone_one(files, simple):
    with pytest.raises(ConnectorError) as caught:
        files.read(files.table(simple, files.root / "nowhere"))
    assert caught.value.code == "connector.path-missing"
    path = write_lines(files.root / "in" / "a.json", ['{"id": 1}'])
    for start in ({str(path): {"offset": 999}}, {str(path.with_name("gone")): {"offset": 1}}):
        with pytest.raises(ConnectorError) as caught:
            files.read(files.table(simple, files.root / "in"), start)
        assert caught.value.code == "connector.file-changed"


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        ({"path": "hdfs://bucket/x"}, "hdfs:"),
        ({"path": "file://host/x"}, "host"),
        ({"format": "jsn"}, "Did you mean `json`"),
        ({"json.nope": "1"}, "nope"),
        ({"source.monitor-interval": "0"}, "source.monitor-interval"),
        ({"source.path.regex-pattern": "("}, "regex-pattern"),
        ({"sink.partition-commit.delay": "1 h"}, "partition-commit.delay"),
    ],
)
def test_bad_options_are_refused(files, simple, change, needle):
    table = files.table(simple)
    wrong = type(table)(table.name, table.schema, {**table.options, **change})
    with pytest.raises(ProjectError) as caught:
        CONNECTOR.source_changelog(wrong, files.job())
    assert needle in caught.value.render()


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_partition_folders_survive_any_value(value):
    folder = f"{escape('k')}={escape(value)}"
    assert "/" not in folder
    assert partition_values(Path("/x") / folder / "f", {"k": "NULL"})["k"] in (value, None)


def test_paths():
    assert local_path("file:///a/../b%20c") == Path("/b c")
    assert local_path("x").is_absolute()
