"""The list of parts: complete by the lock files, with sums and licences, and well-formed."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import pytest

from tidemill.control.sbom.component import is_expression, spdx
from tidemill.control.sbom.document import Sbom, make_sbom
from tidemill.services.artifacts import read_lock

PURL = re.compile(r"pkg:[a-z]+/\S+@\S+")


@pytest.fixture(scope="module")
def made() -> Sbom:
    return make_sbom()


def test_every_file_of_the_lock_is_there_with_its_sum(made: Sbom) -> None:
    document: Any = made.cyclonedx()
    sums = {h["content"] for part in document["components"] for h in part.get("hashes", ())}
    locked = {file.sha256 for server in read_lock().values() for file in server.files}
    assert locked <= sums
    assert len(locked) > 100


def test_packages_and_the_crates_inside_them_are_there(made: Sbom) -> None:
    parts = {part.purl: part for part in made.components}
    duckdb = parts[f"pkg:pypi/duckdb@{version('duckdb')}"]
    assert (duckdb.licence, duckdb.part) == ("MIT", "tidemill")
    assert duckdb.purl in made.root.needs
    assert any(p.startswith("pkg:pypi/psycopg-binary@") for p in parts), "by the extra `binary`"
    crates = [p for p in made.components if p.purl.startswith("pkg:cargo/")]
    assert any(p.name == "pyo3" and p.part == "pydantic_core" and p.licence for p in crates)
    environments = {p.part for p in made.components if p.part.startswith("environment ")}
    assert {"environment flink", "environment spark"} <= environments


def test_the_document_is_what_cyclonedx_asks_for(made: Sbom) -> None:
    document: Any = made.cyclonedx()
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    refs = [part["bom-ref"] for part in document["components"]]
    assert len(refs) == len(set(refs)), "each once"
    assert all(PURL.fullmatch(ref) for ref in refs)
    known = {*refs, document["metadata"]["component"]["bom-ref"]}
    for edge in document["dependencies"]:
        assert {edge["ref"], *edge["dependsOn"]} <= known
    for part in document["components"]:
        for licence in part.get("licenses", ()):
            assert "expression" not in licence or is_expression(licence["expression"])
    assert document == made.cyclonedx(), "the same parts give the same document"


def test_no_part_of_ours_is_without_a_licence(made: Sbom) -> None:
    ours = [part for part in (made.root, *made.components) if part.part == "tidemill"]
    assert [part.name for part in ours if part.licence is None] == []


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("The MIT License", "MIT"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("BSD License", "BSD License"),
        ("UNKNOWN", None),
    ],
)
def test_licences_get_their_spdx_name(text: str, licence: str | None) -> None:
    assert spdx(text) == licence
    assert licence is None or is_expression(licence) == (licence != "BSD License")
