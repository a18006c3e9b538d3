"""Objects by hand, imports that repeat nothing, queries that fetch only what they need."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.control.lake.conftest import LakeProject

from tidemill.control.checks.run import run_checks
from tidemill.control.lake import copy
from tidemill.control.lake.copy import copy_objects
from tidemill.control.lake.imports import import_files
from tidemill.control.lake.objects import (
    get_objects,
    list_objects,
    put_files,
    remove_objects,
)
from tidemill.control.lake.query import lake_connection, query_lake
from tidemill.errors import ProjectError, StoreError, UsageError, UserError
from tidemill.project import load_project
from tidemill.stores import transfer
from tidemill.stores.options import parse_options
from tidemill.stores.probe import probe
from tidemill.stores.s3 import S3Store

pytestmark = pytest.mark.servers


def write_lake(lake: LakeProject, views: str = "") -> None:
    (lake.root / "data" / "deep").mkdir(parents=True, exist_ok=True)
    (lake.root / "data" / "a.csv").write_text("id,name\n1,x\n2,y\n")
    (lake.root / "data" / "deep" / "b.csv").write_text("id,name\n3,z\n")
    (lake.root / "lake.yaml").write_text(
        f"files:\n  - {{from: data, to: '{lake.url}raw/'}}\n"
        f"  - {{from: data/*.csv, to: '{lake.url}flat/'}}\n"
        f"views:\n  people: SELECT * FROM '{lake.url}raw/**/*.csv'\n{views}"
    )


def test_files_go_there_and_come_back(lake: LakeProject) -> None:
    write_lake(lake)
    sent = import_files(lake.root)
    assert [t.outcome for t in sent] == ["sent"] * 3
    assert lake.keys() == ["flat/a.csv", "raw/a.csv", "raw/deep/b.csv"]
    assert [t.outcome for t in import_files(lake.root)] == ["same"] * 3
    (lake.root / "data" / "a.csv").write_text("id,name\n1,X\n2,y\n")
    assert [t.outcome for t in import_files(lake.root)] == ["sent", "same", "sent"]
    assert put_files([lake.root / "data" / "a.csv"], f"{lake.url}one", lake.root)[0].url == (
        f"{lake.url}one"
    )
    listed = [o.url for o in list_objects(f"{lake.url}*/*.csv", lake.root)]
    assert listed == [f"{lake.url}flat/a.csv", f"{lake.url}raw/a.csv"]
    target = lake.root / "back"
    assert [t.outcome for t in get_objects(f"{lake.url}raw/", target, lake.root)] == ["fetched"] * 2
    assert (target / "deep" / "b.csv").read_text() == "id,name\n3,z\n"
    assert [t.outcome for t in get_objects(f"{lake.url}raw/", target, lake.root)] == ["same"] * 2
    with pytest.raises(UsageError):
        remove_objects(f"{lake.url}raw/", lake.root)
    assert len(remove_objects(f"{lake.url}raw/", lake.root, recursive=True)) == 2
    with pytest.raises(StoreError, match="nothing"):
        remove_objects(f"{lake.url}nothing", lake.root)


def test_an_interrupted_upload_sends_only_what_is_missing(
    lake: LakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PART_BYTES", 5 << 20)
    path, key = lake.root / "big", lake.prefix + "big"
    path.write_bytes(os.urandom(11 << 20))
    done: list[int] = []

    def interrupted(now: int, _total: int) -> None:
        done.append(now)
        if now >= 5 << 20:
            raise KeyboardInterrupt

    for expected in (5 << 20, 10 << 20):
        with pytest.raises(KeyboardInterrupt):
            transfer.upload_file(lake.store, key, path, lake.root / "journal", interrupted)
        assert done[-1] == expected if expected == 5 << 20 else True
    done.clear()
    transfer.upload_file(
        lake.store, key, path, lake.root / "journal", lambda now, _: done.append(now)
    )
    assert done == [5 << 20, 10 << 20, 11 << 20]
    info = lake.store.head(key)
    assert transfer.same_content(lake.store, info, path)
    assert list(lake.store.uploads(lake.prefix)) == []
    target = lake.root / "copy"

    with pytest.raises(KeyboardInterrupt):
        transfer.download_file(lake.store, info, target, interrupted)
    assert not target.exists()
    done.clear()
    transfer.download_file(lake.store, info, target, lambda now, _: done.append(now))
    assert done[0] == 5 << 20
    assert target.read_bytes() == path.read_bytes()
    with path.open("ab") as file:
        file.write(b"more")
    assert not transfer.same_content(lake.store, info, path)


def test_a_lake_file_is_checked(lake: LakeProject) -> None:
    for text, message, code in (
        ("fils: []", "fils", "project.unknown-key"),
        ("files: [{from: x}]", "`to`", "project.missing-key"),
        (
            "files: [{from: nothing/*.csv, to: 's3://lake/x/'}]",
            "no file",
            "control.nothing-to-import",
        ),
        ("files: [{from: '*.yaml', to: 's3://lake/x'}]", "one object", "control.nothing-to-import"),
    ):
        (lake.root / "lake.yaml").write_text(text)
        with pytest.raises((ProjectError, UserError)) as caught:
            import_files(lake.root)
        assert message in caught.value.message
        assert caught.value.code == code
        assert "lake.yaml:1" in str(caught.value.where)


def test_queries_read_every_format_and_write_nothing(lake: LakeProject, tmp_path: Path) -> None:
    write_lake(lake)
    import_files(lake.root)
    lake.store.put(f"{lake.prefix}j/x.json", b'{"id": 1, "score": 5}\n{"id": 3, "score": 7}\n')
    rows = query_lake(
        f"SELECT name, score FROM people JOIN '{lake.url}j/*.json' USING (id) ORDER BY id",
        lake.root,
    )
    assert rows.as_dicts() == [{"name": "x", "score": 5}, {"name": "z", "score": 7}]
    for sql in ("COPY (SELECT 1) TO 'x'", "SELECT 1; SELECT 2", "CREATE TABLE t (a INT)", "SELEC"):
        with pytest.raises(UserError) as caught:
            query_lake(sql, lake.root)
        assert caught.value.code == "control.bad-query"
    with pytest.raises(UserError, match="No files found"):
        query_lake(f"SELECT * FROM '{lake.url}none/*.parquet'", lake.root)
    (lake.root / "lake.yaml").write_text("views:\n  bad: DROP TABLE x\n")
    with pytest.raises(UserError, match="the view `bad`"):
        query_lake("SELECT 1", lake.root)


def test_a_query_fetches_only_the_columns_and_row_groups_it_needs(lake: LakeProject) -> None:
    count, wide = 40_000, 16
    columns = {"id": pa.array(range(count))}
    columns |= {f"c{i}": pa.array(os.urandom(8).hex() for _ in range(count)) for i in range(wide)}
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink, row_group_size=10_000)
    size = len(sink.getvalue())
    lake.store.put(f"{lake.prefix}wide.parquet", sink.getvalue())
    fetched = [0]

    class Counting(type(lake.store)):  # type: ignore[misc]
        def get_range(self, *arguments: Any, **named: Any) -> bytes:
            content: bytes = super().get_range(*arguments, **named)
            fetched[0] += len(content)
            return content

    def store_of(bucket: str) -> Any:
        reach = lake.store._client
        made = S3Store(bucket, parse_options({"s3.endpoint": reach.meta.endpoint_url}))
        made._client = reach
        made.__class__ = Counting
        made.close = lambda: None
        return made

    with lake_connection(load_project(lake.root), store_of) as connection:
        name = f"{lake.url}wide.parquet"
        found = connection.sql(f"SELECT sum(id) FROM '{name}'").fetchall()
        assert found == [(count * (count - 1) // 2,)]
        one_column = fetched[0]
        connection.sql(f"SELECT c1 FROM '{name}' WHERE id = 35000").fetchall()
        one_group = fetched[0] - one_column
    assert one_column < size / 4
    assert one_group < size / 4


def test_the_probe_finds_what_a_store_does_not_honour(
    lake: LakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach = lake.store._client
    options = parse_options(
        {"s3.endpoint": reach.meta.endpoint_url, "s3.access-key": "x", "s3.secret-key": "y"}
    )
    (refused,) = probe("lake", options)
    assert (refused.name, refused.outcome) == ("signed requests", "failed")
    keys = reach._request_signer._credentials
    good = parse_options(
        {
            "s3.endpoint": reach.meta.endpoint_url,
            "s3.access-key": keys.access_key,
            "s3.secret-key": keys.secret_key,
        }
    )
    honest = S3Store.put

    def careless(self: S3Store, key: str, content: bytes, **_: Any) -> str:
        return honest(self, key, content)

    monkeypatch.setattr(S3Store, "put", careless)
    found = {check.name: check.outcome for check in probe("lake", good)}
    assert found.pop("put if absent, racing") == "failed"
    assert found.pop("put if unchanged, racing") == "warning"
    assert found.pop("odd keys") == "warning"
    assert set(found.values()) == {"ok"}
    assert list(lake.store.list(".tidemill-probe/")) == []


def test_a_copy_moves_only_what_is_new_and_in_its_order(
    lake: LakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "PART_BYTES", 5 << 20)
    big = os.urandom(6 << 20)
    for key, content in (("b.csv", b"1"), ("a.csv", b"2"), ("deep/c.csv", big)):
        lake.store.put(f"{lake.prefix}from/{key}", content)
    source, target = f"{lake.url}from/", f"{lake.url}to/"
    first = copy_objects(source, target, lake.root)
    assert {t.url: t.outcome for t in first} == {
        f"{target}{name}": "copied" for name in ("a.csv", "b.csv", "deep/c.csv")
    }
    assert lake.store.get(f"{lake.prefix}to/deep/c.csv") == big
    lake.store.put(f"{lake.prefix}from/a.csv", b"3")
    again = {t.url: t.outcome for t in copy_objects(f"{source}*.csv", target, lake.root)}
    assert again == {f"{target}a.csv": "copied", f"{target}b.csv": "same"}
    assert lake.store.get(f"{lake.prefix}to/a.csv") == b"3"
    with pytest.raises(UsageError):
        copy_objects(source, f"{lake.url}to", lake.root)


def test_a_view_over_files_to_come_stands_in_nobodys_way(lake: LakeProject) -> None:
    write_lake(lake, f"  later: SELECT * FROM '{lake.url}later/*.parquet'\n")
    import_files(lake.root)
    assert query_lake("SELECT count(*) AS n FROM people", lake.root).table.num_rows == 1
    with pytest.raises(UserError, match=r"the view `later` cannot be made: .*No files found"):
        query_lake("SELECT * FROM later", lake.root)


def test_a_suite_looks_at_objects_of_the_lake(lake: LakeProject) -> None:
    lake.store.put(f"{lake.prefix}raw/a.csv", b"id,age\n1,20\n2,-4\n")
    lake.store.put(f"{lake.prefix}raw/_half.csv", b"id\n")
    (lake.root / "checks").mkdir()
    ages = "- {type: expect_column_values_to_be_between, kwargs: {column: age, min_value: 0}}"
    for name, pattern in (("ages", "raw/*.csv"), ("none", "gone/*.csv")):
        suite = f"on: [{{file: '{lake.url}{pattern}'}}]\nexpectations:\n  {ages}\n"
        (lake.root / "checks" / f"{name}.yaml").write_text(suite)
    found, none = run_checks(folder=lake.root).results
    assert (found.row_count, found.results[0].unexpected, found.success) == (2, 1, False)
    assert "no object is at" in str(none.exception)
