"""Pipelines reach the lake by the project's connections, and doctor looks at these."""

from __future__ import annotations

import pytest
from tests.control.lake.conftest import LakeProject

from tidemill.control.doctor_stores import doctor_stores
from tidemill.control.lake.query import query_lake
from tidemill.control.run import run
from tidemill.errors import StoreError
from tidemill.project import load_project

pytestmark = pytest.mark.servers


def test_a_pipeline_reads_and_writes_the_lake(lake: LakeProject) -> None:
    lake.store.put(f"{lake.prefix}in/a.csv", b"1,x\n2,y\n")

    def table(name: str, folder: str, form: str) -> str:
        return (
            f"CREATE TABLE {name} (id INT, name STRING) WITH ('connector' = 'filesystem', "
            f"'path' = '{lake.url}{folder}/', 'format' = '{form}');\n"
        )

    (lake.root / "p.sql").write_text(
        table("origin", "in", "csv")
        + table("copy", "out", "parquet")
        + "INSERT INTO copy SELECT id, UPPER(name) FROM origin;\n"
    )
    for _ in range(2):
        assert run(str(lake.root / "p.sql"), lake.root).progress.rows_out == 2
    rows = query_lake(f"SELECT * FROM '{lake.url}out/*.parquet' ORDER BY id", lake.root)
    assert rows.as_dicts() == [{"id": 1, "name": "X"}, {"id": 2, "name": "Y"}]


def test_doctor_probes_what_the_project_names(lake: LakeProject) -> None:
    file = lake.root / "tidemill.yaml"
    assert doctor_stores(load_project(lake.root)) == []
    file.write_text(file.read_text().replace("s3: {endpoint", "s3: {bucket: lake, endpoint"))
    (check,) = doctor_stores(load_project(lake.root))
    assert (check.name, check.outcome) == ("store s3", "ok")
    assert "odd keys" in check.message
    file.write_text(file.read_text().replace("bucket: lake", "bucket: nothing-here"))
    (check,) = doctor_stores(load_project(lake.root))
    assert (check.outcome, check.hint is not None) == ("failed", True)


def test_a_lake_that_nobody_reaches_is_said_to_be_so(lake: LakeProject) -> None:
    (lake.root / "tidemill.yaml").write_text("name: bare\n")
    with pytest.raises(StoreError, match="nobody says how to reach") as caught:
        query_lake("SELECT * FROM 's3://lake/x.csv'", lake.root)
    assert "tidemill up s3" in (caught.value.hint or "")
