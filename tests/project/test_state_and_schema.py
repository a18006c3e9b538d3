"""The state folder is closed to others; the JSON Schema is fresh."""

import json
from pathlib import Path

import pytest

from tidemill.errors import ProjectError
from tidemill.project import ensure_state_dir
from tidemill.project.schema import json_schema_text

ROOT = Path(__file__).parents[2]


def test_the_state_folder_is_private_and_ignored(tmp_path: Path) -> None:
    folder = tmp_path / "p" / ".tidemill"
    for _ in range(2):
        assert ensure_state_dir(folder) == folder
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / ".gitignore").read_text() == "*\n"
    folder.chmod(0o755)
    ensure_state_dir(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".tidemill").write_text("")
    with pytest.raises(ProjectError) as caught:
        ensure_state_dir(tmp_path / ".tidemill")
    assert caught.value.code == "project.state-dir"


def test_the_schema_is_fresh() -> None:
    file = ROOT / "docs" / "reference" / "tidemill.schema.json"
    assert file.read_text() == json_schema_text(), (
        "stale; renew it: python -c 'from tidemill.project.schema import *; "
        'open("docs/reference/tidemill.schema.json", "w").write(json_schema_text())\''
    )


def test_the_schema_knows_the_short_forms() -> None:
    schema = json.loads(json_schema_text())
    item = schema["properties"]["pipelines"]["items"]
    assert {"type": "string", "minLength": 1} in item["oneOf" if "oneOf" in item else "anyOf"]
    assert {"type": "null"} in schema["properties"]["servers"]["anyOf"]
