"""Savepoints through the real program: taken, gone back to, handed to another pipeline."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Tidemill = Callable[..., subprocess.CompletedProcess[str]]
COPY = """
CREATE TABLE numbers (id INT) WITH ('connector'='filesystem', 'path'='input', 'format'='json');
CREATE TABLE copies (id INT) WITH ('connector'='filesystem', 'path'='{to}', 'format'='json');
INSERT INTO copies SELECT id FROM numbers;
"""


def rows(folder: Path) -> list[int]:
    shown = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    ]
    return sorted(json.loads(line)["id"] for p in shown for line in p.read_text().splitlines())


def give(folder: Path, *ids: int) -> None:
    lines = [json.dumps({"id": one}) for one in ids]
    (folder / "input" / f"{ids[0]}.json").write_text("\n".join(lines) + "\n")


def test_a_pipeline_goes_back_and_another_goes_on(tidemill: Tidemill, tmp_path: Path) -> None:
    (tmp_path / "tidemill.yaml").write_text(
        "name: shop\npipelines: [pipelines/copy.sql, pipelines/other.sql]\n"
    )
    for folder in ("input", "pipelines"):
        (tmp_path / folder).mkdir()
    for name in ("copy", "other"):
        (tmp_path / "pipelines" / f"{name}.sql").write_text(COPY.format(to=f"out/{name}"))
    nothing = tidemill("savepoint", "take", "copy", "--json")
    assert nothing.returncode != 0
    assert json.loads(nothing.stderr)["error"]["code"] == "engine.no-savepoint"

    give(tmp_path, 1, 2, 3)
    assert tidemill("run", "copy").returncode == 0
    taken = tidemill("savepoint", "take", "copy")
    assert taken.returncode == 0, taken.stderr
    name = taken.stdout.strip()
    assert name.startswith("epoch-")
    give(tmp_path, 4, 5)
    assert tidemill("run", "copy").returncode == 0
    assert rows(tmp_path / "out/copy") == [1, 2, 3, 4, 5]

    back = tidemill("run", "copy", "--from", name)
    assert back.returncode == 0, back.stderr
    assert f"note: goes on from savepoint {name}" in back.stderr
    assert "`copies` only adds rows" in back.stderr
    assert rows(tmp_path / "out/copy") == [1, 2, 3, 4, 4, 5, 5]

    other = tidemill("run", "other", "--from", f"copy/{name}", "--json")
    assert other.returncode == 0, other.stderr
    assert rows(tmp_path / "out/other") == [4, 5]
    assert tidemill("run", "other").returncode == 0
    assert rows(tmp_path / "out/other") == [4, 5]

    found = json.loads(tidemill("savepoint", "list", "--json").stdout)
    before = next(one["name"] for one in found if one["name"] != name)
    assert before.startswith("before-")
    assert {one["pipeline"] for one in found} == {"copy"}
    assert tidemill("run", "copy", "--from", before).returncode == 0
    assert rows(tmp_path / "out/copy") == [1, 2, 3, 4, 4, 5, 5]
    assert tidemill("savepoint", "delete", "copy", before).returncode == 0
    assert before not in tidemill("savepoint", "list", "copy").stdout


def test_what_does_not_fit_is_said_and_changes_nothing(tidemill: Tidemill, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "copy.sql").write_text(COPY.format(to="out/copy"))
    give(tmp_path, 1, 2, 3)
    assert tidemill("run", "copy.sql").returncode == 0
    assert tidemill("savepoint", "take", "copy.sql", "--name", "whole").returncode == 0
    assert tidemill("savepoint", "take", "copy.sql", "--name", "../x").returncode == 1
    kept = tmp_path / ".tidemill/pipelines/copy/savepoints/whole"
    assert tidemill("savepoint", "delete", "copy.sql", str(kept)).returncode == 1
    assert kept.is_dir(), "what is deleted is named, never a folder from elsewhere"
    unknown = tidemill("run", "copy.sql", "--from", "hole")
    assert unknown.returncode == 1
    assert "Did you mean `whole`?" in unknown.stderr
    assert tidemill("run", "copy.sql", "--from", "whole", "--engine", "flink").returncode == 2
    counted = COPY.format(to="out/copy").replace("SELECT id", "SELECT DISTINCT id")
    (tmp_path / "copy.sql").write_text(counted)
    changed = tidemill("run", "copy.sql", "--from", "whole", "--json")
    assert json.loads(changed.stderr)["error"]["code"] == "engine.plan-changed"
    assert rows(tmp_path / "out/copy") == [1, 2, 3]
