"""`account` through the real program."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Tidemill = Callable[..., subprocess.CompletedProcess[str]]
SQL = """
CREATE TABLE numbers (id INT) WITH ('connector'='filesystem', 'path'='input', 'format'='json');
CREATE TABLE small (id INT) WITH ('connector'='filesystem', 'path'='out', 'format'='json');
INSERT INTO small SELECT 10 / id FROM numbers WHERE id < 3;
"""


def test_where_every_row_went(tidemill: Tidemill, tmp_path: Path) -> None:
    (tmp_path / "small.sql").write_text(SQL)
    (tmp_path / "input").mkdir()
    lines = ['{"id": 0}', '{"id": 1}', '{"id": 2}', '{"id": 3}', "no json", '{"id": 4}']
    (tmp_path / "input" / "a.json").write_text("\n".join(lines) + "\n")
    nothing = tidemill("account", "small.sql", "--json")
    assert nothing.returncode == 1
    assert json.loads(nothing.stderr)["error"]["code"] == "control.no-account"

    assert tidemill("run", "small.sql").returncode == 0
    shown = tidemill("account", "small.sql")
    assert shown.returncode == 0, shown.stderr
    assert "Every row is accounted for: 6 came" in shown.stdout
    found = json.loads(tidemill("account", "small.sql", "--json").stdout)
    assert found["adds_up"]
    by_kind = {line["kind"]: line for line in found["lines"]}
    assert by_kind["source"]["went"] == {"out": 5, "skipped": 0, "dead": 1}
    sink = by_kind["sink"]
    assert sink["went"] == {"out": 2, "filtered": 2, "late": 0, "dead": 1, "refused": 0}
    assert by_kind["letters"]["came"] == 2

    (tmp_path / "input" / "b.json").write_text('{"id": 2}\n')
    assert tidemill("run", "small.sql").returncode == 0
    again = json.loads(tidemill("account", "small.sql", "--json").stdout)
    assert again["lines"][0]["came"] == 7
    assert again["epoch"] > found["epoch"]
