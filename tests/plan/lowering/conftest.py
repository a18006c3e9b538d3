"""Binds expressions of Flink SQL text, lowers them and computes them in DuckDB, for the tests."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tidemill.interfaces.connector import Connector
from tidemill.interfaces.options import OptionSet
from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import duckdb_type, lower
from tidemill.plan.lowering.arrow import register
from tidemill.sql import compile_script
from tidemill.sql.expressions import Expression
from tidemill.sql.logical import Project

_CONNECTORS = {
    "rows": Connector(
        "rows",
        OptionSet("rows", ()),
        bounded=lambda *_: True,
        source_changelog=lambda *_: None,  # type: ignore[arg-type, return-value]
        source=lambda *_: None,  # type: ignore[arg-type, return-value]
    )
}


def bind(sql: str, columns: str) -> tuple[Expression, Project]:
    """The bound expression, and the projection it stands in."""
    ddl = f"CREATE TABLE t ({columns}) WITH ('connector' = 'rows');\n"
    script = compile_script(f"{ddl}SELECT {sql} AS c FROM t;", "test.sql", _CONNECTORS, {})
    node = script.selects[0].query
    while not isinstance(node, Project):
        node = node.input  # type: ignore[union-attr]
    return node.expressions[0], node


class Rows:
    """Rows in DuckDB under a table declaration in Flink SQL."""

    def __init__(self, columns: str, rows: list[dict[str, Any]], folder: Path) -> None:
        self.columns = columns
        self.rows = rows
        self.connection = duckdb.connect()
        fields = bind("1", columns)[1].input.fields
        types = {f.name: duckdb_type(f.type) for f in fields}
        path = folder / "rows.json"
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        given = ", ".join(f"'{name}': '{type_}'" for name, type_ in types.items())
        self.connection.execute(
            f"CREATE TABLE t AS SELECT * FROM read_json('{path}', columns={{{given}}}) ORDER BY id"
        )

    def values(self, sql: str) -> tuple[DataType, list[tuple[str | None, str | None]]]:
        """The type, and per row the value as text and as JSON; a failed row is ("!", message)."""
        expression, project = bind(sql, self.columns)
        names = [field.name for field in project.input.fields]
        lowered = lower(expression, names).sql(dialect="duckdb")
        register(self.connection, lowered)
        query = (
            f"SELECT CAST(c AS VARCHAR), CAST(to_json(c) AS VARCHAR) FROM (SELECT {lowered} AS c"
        )
        try:
            return expression.type, self.connection.sql(f"{query} FROM t)").fetchall()
        except duckdb.Error:
            found = []
            for row in self.rows:
                one = f"{query} FROM t WHERE id = {row['id']})"
                try:
                    found += self.connection.sql(one).fetchall()
                except duckdb.Error as failure:
                    found.append(("!", str(failure)))
            return expression.type, found


def same(type_: DataType, flink: Any, ours: tuple[str | None, str | None]) -> bool:
    """Whether a value in Flink's JSON is the one that DuckDB has."""
    shown, as_json = ours
    if flink is None or shown is None or flink == "!" or shown == "!":
        return shown == flink
    root = type_.root
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        one, two = float(flink), float(shown)
        margin = 1e-9 if root is TypeRoot.DOUBLE else 1e-6
        both_nan = one != one and two != two
        return both_nan or one == two or abs(one - two) <= margin * max(abs(one), abs(two))
    if root is TypeRoot.BOOLEAN:
        return (shown == "true") == flink
    if type_.is_timestamp:
        return _instant(str(flink)) == _instant(shown)
    if root is TypeRoot.TIME:
        return str(flink) == shown
    if root is TypeRoot.DECIMAL:
        return Decimal(str(flink)) == Decimal(shown)
    if root in (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.ROW):
        return as_json is not None and json.loads(as_json) == flink
    return str(flink) == shown


def _instant(text: str) -> str:
    plain = text.replace("T", " ").removesuffix("Z").removesuffix("+00")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


class Evaluator:
    """What the tests of this folder get: binding, rows, and comparison with Flink's JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, columns: str, rows: list[dict[str, Any]]) -> Rows:
        return Rows(columns, rows, self.folder)

    def bind(self, sql: str, columns: str = "id INT") -> Expression:
        return bind(sql, columns)[0]

    def same(self, type_: DataType, flink: Any, ours: tuple[str | None, str | None]) -> bool:
        return same(type_, flink, ours)

    def one(self, sql: str) -> str | None:
        """The text of a constant expression's value; a failed row is its message."""
        (value,) = self.rows("id INT", [{"id": 0}]).values(sql)[1]
        return value[1] if value[0] == "!" else value[0]


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Evaluator:
    return Evaluator(tmp_path_factory.mktemp("rows"))
