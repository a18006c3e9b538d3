"""Looking into the lake: folders, previews of files and views, and what is not looked into."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.control.lake.conftest import LakeProject

from tidemill.control.lake.browse import buckets, folder, preview, preview_view, views
from tidemill.errors import StoreError, UserError
from tidemill.project import Project, load_project

pytestmark = pytest.mark.servers


@pytest.fixture
def project(lake: LakeProject) -> Project:
    file = lake.root / "tidemill.yaml"
    file.write_text(file.read_text() + "personal: [email]\n")
    (lake.root / "lake.yaml").write_text(
        f"views:\n  people: SELECT * FROM '{lake.url}raw/*.parquet'\n"
    )
    rows = pa.table({"id": list(range(300)), "email": ["a@x"] * 300})
    held = io.BytesIO()
    parquet.write_table(rows, held, row_group_size=100)
    lake.store.put(f"{lake.prefix}raw/a.parquet", held.getvalue())
    lake.store.put(f"{lake.prefix}raw/deep/er/b.csv", b"id,email\n1,b@x\n")
    lake.store.put(f"{lake.prefix}raw/deep/notes.txt", "Grüße\n".encode())
    lake.store.put(f"{lake.prefix}raw/deep/photo.png", b"\x89PNG\0\xff")
    lake.store.put(f"{lake.prefix}raw/deep/x.parquet", b"no parquet")
    lake.store.put(f"{lake.prefix}table/_delta_log/0.json", b"{}")
    return load_project(lake.root)


def test_folders_are_what_slashes_make_of_keys(lake: LakeProject, project: Project) -> None:
    assert "lake" in buckets(project)
    found = folder(project, f"{lake.url}raw")
    assert [(e.name, e.is_folder) for e in found.entries] == [("a.parquet", False), ("deep", True)]
    assert (found.more, found.table) == (False, None)
    inside = folder(project, found.entries[1].url)
    names = ["er", "notes.txt", "photo.png", "x.parquet"]
    assert [e.name for e in inside.entries] == names
    assert [e.name for e in folder(project, found.entries[1].url, 2).entries] == names[:2]
    assert folder(project, found.entries[1].url, 2).more
    assert folder(project, f"{lake.url}table/").table == "delta"
    assert folder(project, f"{lake.url}none/").entries == ()


def test_files_and_views_show_their_first_rows_masked(lake: LakeProject, project: Project) -> None:
    shown = preview(project, f"{lake.url}raw/a.parquet")
    assert (len(shown.rows), shown.rows[0]) == (100, {"id": 0, "email": "******"})
    assert dict(shown.facts)["Rows"] == 300 and dict(shown.facts)["Row groups"] == 3
    csv = preview(project, f"{lake.url}raw/deep/er/b.csv")
    assert csv.rows == ({"id": 1, "email": "******"},)
    assert preview(project, f"{lake.url}raw/deep/notes.txt").text == "Grüße\n"
    assert preview(project, f"{lake.url}raw/deep/photo.png").kind == "bytes"
    assert views(project) == ["people"]
    assert preview_view(project, "people").rows[0]["email"] == "******"


def test_what_is_not_there_or_not_in_a_bucket_is_refused(
    lake: LakeProject, project: Project
) -> None:
    for wanted, code in (
        (f"{lake.url}raw/none", "store.missing"),
        ("s3://no-such-bucket/x", "store.missing"),
        ("/etc/passwd", "store.bad-url"),
        ("file:///etc/passwd", "store.bad-url"),
    ):
        with pytest.raises(StoreError) as refused:
            preview(project, wanted)
        assert refused.value.code == code
    with pytest.raises(StoreError) as refused:
        folder(project, "/etc")
    assert refused.value.code == "store.bad-url"
    for bad in (lambda: preview(project, f"{lake.url}raw/deep/x.parquet"),
                lambda: preview_view(project, "other")):  # fmt: skip
        with pytest.raises(UserError):
            bad()
