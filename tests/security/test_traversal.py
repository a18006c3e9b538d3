"""Names and keys that try to lead elsewhere: refused, or taken as the names that they are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from tidemill.connectors import CONNECTORS
from tidemill.console.app import guarded_app
from tidemill.console.hub import Hub
from tidemill.console.security.guard import Gate
from tidemill.console.security.sessions import Sessions
from tidemill.control.lake.objects import _inside
from tidemill.control.savepoints import delete_savepoint, take_savepoint
from tidemill.errors import ProjectError, StoreError, TidemillError
from tidemill.formats import FORMATS
from tidemill.interfaces.connector import JobContext
from tidemill.model import Batch, Column, Schema, TableDescriptor
from tidemill.model.types import INT, STRING

EVIL = ("../outside", "..", "/etc/passwd", "a/../../outside", "..%2foutside", ".", "a\0b")
JOB = JobContext("traversal", FORMATS)
SCHEMA = Schema((Column("a", INT), Column("p", STRING)))


def table(path: Path, **options: str) -> TableDescriptor:
    given = {"connector": "filesystem", "path": str(path), "format": "csv", **options}
    return TableDescriptor("t", SCHEMA, given, partition_keys=("p",))


@pytest.mark.parametrize("value", EVIL)
def test_a_partitions_value_stays_in_the_tables_folder(tmp_path: Path, value: str) -> None:
    folder = tmp_path / "deep" / "table"
    group = CONNECTORS["filesystem"].commit_group([table(folder)], JOB)  # type: ignore[misc]
    try:
        group.open()
        rows = pa.RecordBatch.from_pylist([{"a": 1, "p": value}], schema=SCHEMA.arrow())
        group.writer("t").write(Batch(rows))
        group.prepare(1)
        group.commit(1, {})
    finally:
        group.close()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written and all(path.is_relative_to(folder) for path in written)


@pytest.mark.parametrize("name", ["../done", "/tmp/done", "..", "a/b"])
def test_the_name_of_a_success_file_is_a_name(tmp_path: Path, name: str) -> None:
    options = {"sink.partition-commit.policy.kind": "success-file",
               "sink.partition-commit.success-file.name": name}  # fmt: skip
    with pytest.raises(ProjectError, match="no file's name"):
        CONNECTORS["filesystem"].commit_group([table(tmp_path, **options)], JOB)  # type: ignore[misc]


@pytest.mark.parametrize("name", [*EVIL, "", "a b"])
def test_a_savepoints_name_is_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "tidemill.yaml").write_text("name: t\npipelines: [p.sql]\n")
    (tmp_path / "p.sql").write_text(
        "CREATE TABLE i (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '1');\n"
        "CREATE TABLE o (a INT) WITH ('connector' = 'blackhole');\nINSERT INTO o SELECT a FROM i;\n"
    )
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "savepoint.json").write_text("{}")
    for act in (take_savepoint, delete_savepoint):
        with pytest.raises(TidemillError):
            act(tmp_path, "p", name)
    assert (tmp_path / "outside" / "savepoint.json").exists()


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "..", ""])
def test_a_key_of_a_bucket_stays_in_the_folder_it_is_fetched_to(tmp_path: Path, key: str) -> None:
    """A bucket may hold such keys; S3Proxy takes none, so the rule itself is asked."""
    with pytest.raises(StoreError) as refused:
        _inside(tmp_path, key)
    assert refused.value.code == "store.key-refused"
    assert _inside(tmp_path, "a/..hidden/b").is_relative_to(tmp_path)


def test_names_in_the_consoles_addresses_are_names(tmp_path: Path) -> None:
    """What is asked for by such a name is not there; nothing of the machine is told or touched."""
    (tmp_path / "tidemill.yaml").write_text("name: shop\n")
    (tmp_path.parent / "outside").write_text("outside-content")
    sessions = Sessions()
    sessions.allow("token-of-the-test", "operator")
    hub = Hub(tmp_path, Gate(sessions, frozenset({"localhost"}), 8642))
    client = TestClient(
        guarded_app(hub, pages=False), base_url="http://localhost:8642",
        headers={"authorization": "Bearer token-of-the-test"},
    )  # fmt: skip
    paths = ("pipelines/{}/sql", "pipelines/{}/why?key=a", "topics/{}", "checks/{}", "schemas/{}")
    for name in ("../outside", "..%2foutside", "/etc/passwd", "a\0b"):
        for path in paths:
            answer = client.get(f"/api/v1/{path.format(quote(name, safe=''))}")
            assert answer.status_code in (400, 404, 405, 422, 502, 503), (path, answer.text)
            assert "outside-content" not in answer.text
            assert "root:" not in answer.text
