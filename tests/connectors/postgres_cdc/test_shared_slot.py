"""One slot, one table: two tables that name the same are refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemill.control.check import check

TABLE = """CREATE TABLE {name} (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH (
  'connector' = 'postgres-cdc', 'hostname' = '{host}', 'username' = 'u',
  'password' = '${{secret:postgres.password}}', 'database-name' = 'd', 'schema-name' = 's',
  'table-name' = '{name}', 'slot.name' = '{slot}');
"""
ENDS = """CREATE TABLE o (id INT) WITH ('connector' = 'print');
INSERT INTO o SELECT a.id FROM a JOIN b ON a.id = b.id;
"""


@pytest.mark.parametrize(
    ("host", "slot", "refused"), [("h", "one", True), ("h", "two", False), ("g", "one", False)]
)
def test_a_slot_has_one_reader(tmp_path: Path, host: str, slot: str, refused: bool) -> None:
    text = TABLE.format(name="a", host="h", slot="one") + TABLE.format(
        name="b", host=host, slot=slot
    )
    (tmp_path / "tidemill.yaml").write_text("name: p\npipelines: [p.sql]\n")
    (tmp_path / "p.sql").write_text(text + ENDS)
    (result,) = check(["p"], tmp_path)
    if not refused:
        assert result.ok, [error.render() for error in result.errors]
        return
    (error,) = result.errors
    assert error.code == "plan.shared-source"
    shown = error.render()
    assert "the replication slot `one`" in shown and "`a` and by `b`" in shown
    assert "p.sql:5:14" in shown and "^" in shown
