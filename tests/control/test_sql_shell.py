"""The shell, statement by statement: what it remembers, and what SHOW answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidemill.control.sql_shell import SqlShell, Watcher
from tidemill.project import bare_project


def session(folder: Path, *statements: str) -> list[Any]:
    """What the statements answer: the rows of a listing, or the rows of a SELECT."""
    shell = SqlShell(bare_project(folder))
    said: list[Any] = []
    watcher = Watcher(
        head=lambda head: None,
        rows=lambda head, batch: said.append([values for _, values in head.reader.rows(batch)]),
        answer=lambda listing: said.append(listing.text or listing.rows),
    )
    for statement in statements:
        shell.execute(statement, watcher)
    return said


def test_a_table_of_create_table_as_stays_and_its_query_runs_once(tmp_path: Path) -> None:
    path = tmp_path / "out"
    options = f"'connector' = 'filesystem', 'path' = '{path}', 'format' = 'json'"
    said = session(
        tmp_path,
        f"CREATE TABLE t WITH ({options}) AS SELECT 1 AS x, 'a' AS y",
        "SHOW TABLES",
        "SELECT * FROM t",
        f"CREATE OR REPLACE TABLE t WITH ({options}) AS SELECT 2 AS x, 'b' AS y",
        "SELECT x, y FROM t ORDER BY x",
    )
    assert said == [(("t",),), [[1, "a"]], [[1, "a"], [2, "b"]]]


def test_explain_in_all_its_forms_keeps_the_places_of_errors(tmp_path: Path) -> None:
    shell = SqlShell(bare_project(tmp_path))
    watcher = Watcher(lambda head: None, lambda head, batch: None)
    for words in ("EXPLAIN", "EXPLAIN PLAN FOR", "EXPLAIN CHANGELOG_MODE, ESTIMATED_COST"):
        assert shell.execute(f"{words} SELECT 1 AS x", watcher).text


def test_catalogs_and_altered_tables_are_remembered(tmp_path: Path) -> None:
    said = session(
        tmp_path,
        "CREATE CATALOG c WITH ('type' = 'generic_in_memory')",
        "USE CATALOG c",
        "CREATE TABLE t (a INT) WITH ('connector' = 'datagen')",
        "ALTER TABLE t ADD b STRING",
        "DESCRIBE t",
        "SHOW CURRENT CATALOG",
        "SET 'table.exec.state.ttl' = '1 h'",
        "SET",
        "RESET",
        "SET",
    )
    assert [row[0] for row in said[0]] == ["a", "b"]
    assert said[1:] == [(("c",),), (("table.exec.state.ttl", "1 h"),), ()]
