"""Iceberg and Delta tables in a bucket: their versions and first rows, from their own files."""

from __future__ import annotations

import pytest
from tests.control.lake.conftest import LakeProject

from tidemill.control.lake.table_view import table_view
from tidemill.control.run import run
from tidemill.errors import TidemillError, UserError
from tidemill.project import load_project

pytestmark = pytest.mark.servers


def fill(lake: LakeProject, sink: str, first: int) -> None:
    """One more run of a pipeline that writes two rows into a table of the lake."""
    (lake.root / "given").mkdir(exist_ok=True)
    rows = [f'{{"id": {n}, "email": "a{n}@x"}}\n' for n in (first, first + 1)]
    (lake.root / "given" / f"{first}.json").write_text("".join(rows))
    text = (
        "CREATE TABLE given (id BIGINT, email STRING) WITH "
        "('connector' = 'filesystem', 'path' = 'given', 'format' = 'json');\n"
        f"CREATE TABLE t (id BIGINT, email STRING) WITH ({sink});\n"
        "INSERT INTO t SELECT id, email FROM given;"
    )
    (lake.root / "fill.sql").write_text(text)
    run("fill", lake.root)


@pytest.mark.parametrize("kind", ["delta", "iceberg"])
def test_versions_and_first_rows_masked(lake: LakeProject, kind: str) -> None:
    file = lake.root / "tidemill.yaml"
    file.write_text(file.read_text() + "personal: [email]\npipelines: [fill.sql]\n")
    url = f"{lake.url}{kind}/t/"
    sink = f"'connector' = 'delta', 'table-path' = '{url.rstrip('/')}'"
    if kind == "iceberg":
        sink = (
            "'connector' = 'iceberg', 'catalog-name' = 'lake', 'catalog-database' = 'iceberg', "
            f"'uri' = 'jdbc:sqlite:{lake.root}/catalog.db', 'warehouse' = '{lake.url.rstrip('/')}'"
        )
    fill(lake, sink, 1)
    fill(lake, sink, 3)
    view = table_view(load_project(lake.root), url)
    assert view.kind == kind
    assert view.versions[0].current
    assert sum(one.current for one in view.versions) == 1
    added = [one.rows_added for one in view.versions if one.rows_added]
    assert sum(added) == 4 and len(added) == 2
    assert all(one.at is not None for one in view.versions)
    rows = sorted(view.preview.rows, key=lambda row: row["id"])
    assert rows == [{"id": n, "email": "******"} for n in (1, 2, 3, 4)]


def test_what_is_no_table_is_said(lake: LakeProject) -> None:
    project = load_project(lake.root)
    with pytest.raises(UserError) as nothing:
        table_view(project, lake.url)
    assert nothing.value.code == "control.unknown-table"
    lake.store.put(f"{lake.prefix}broken/_delta_log/0.json", b"{}")
    with pytest.raises(TidemillError) as broken:
        table_view(project, f"{lake.url}broken")
    assert broken.value.code == "connector.table-missing"
