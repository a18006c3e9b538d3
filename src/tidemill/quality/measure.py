"""A suite on a table: one pass over the rows for all that looks at rows one by one.

The table is a relation of a DuckDB connection, so it may be a file of any size; what must know all
rows (uniqueness) is a query of its own. Rows that miss an expectation are fetched only where there
are some, in the table's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from tidemill.plan.checks import RowConditions, all_of, count_where
from tidemill.quality.kinds import KINDS
from tidemill.quality.kinds.base import Columns, TableMeasure, UnfitError
from tidemill.quality.model import Expectation
from tidemill.quality.result import ExpectationResult, meets

ROWS_SHOWN = 20
_FLAG = "unexpected row"


def measure(
    connection: duckdb.DuckDBPyConnection,
    relation: exp.Expression,
    expectations: Sequence[Expectation],
    rows_shown: int = ROWS_SHOWN,
) -> tuple[int, tuple[str, ...], list[ExpectationResult]]:
    """The count of rows, the columns, and a result for each expectation; raises duckdb.Error."""
    return _Measurement(connection, relation, rows_shown).results(expectations)


class _Measurement:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, relation: exp.Expression, rows_shown: int
    ) -> None:
        self._connection = connection
        self._relation = relation
        self._rows_shown = rows_shown
        empty = exp.select("*").from_(relation.copy()).limit(0)
        self._schema: pa.Schema = self._table(empty).schema

    def results(
        self, expectations: Sequence[Expectation]
    ) -> tuple[int, tuple[str, ...], list[ExpectationResult]]:
        columns = Columns(
            self._schema, lambda name: exp.column(exp.to_identifier(name, quoted=True))
        )
        found: dict[int, ExpectationResult] = {}
        rows: dict[int, RowConditions] = {}
        tables: dict[int, TableMeasure] = {}
        for i, one in enumerate(expectations):
            kind = KINDS[one.type]
            try:
                if kind.rows is not None:
                    rows[i] = kind.rows(one.kwargs, columns)
                elif kind.table is not None:
                    tables[i] = kind.table(one.kwargs, columns)
            except UnfitError as error:
                found[i] = ExpectationResult(one, False, exception=str(error))
        whole = {i for i in rows if KINDS[expectations[i].type].whole}
        values = self._one_pass({i: c for i, c in rows.items() if i not in whole}, tables)
        for i in whole:
            values |= self._whole(i, rows[i])
        for i, condition in rows.items():
            found[i] = self._of_rows(expectations[i], condition, values[f"n{i}"], values[f"u{i}"])
        for i, table in tables.items():
            observed = table.observed if table.value is None else values[f"v{i}"]
            found[i] = ExpectationResult(expectations[i], table.holds(observed), observed=observed)
        ordered = [found[i] for i in range(len(expectations))]
        return int(values["rows"]), tuple(self._schema.names), ordered

    def _one_pass(
        self, rows: dict[int, RowConditions], tables: dict[int, TableMeasure]
    ) -> dict[str, Any]:
        outputs: list[exp.Expr] = [exp.alias_(exp.Count(this=exp.Star()), "rows")]
        for i, condition in rows.items():
            outputs += _counts(i, condition.considered, condition.unexpected)
        for i, table in tables.items():
            if table.value is not None:
                outputs.append(exp.alias_(table.value, f"v{i}"))
        return self._first(exp.select(*outputs).from_(self._relation.copy()))

    def _whole(self, i: int, condition: RowConditions) -> dict[str, Any]:
        """Conditions that look at other rows stand one level below those that count."""
        flags = [
            exp.alias_(condition.considered.copy(), "considered"),
            exp.alias_(condition.unexpected.copy(), "unexpected"),
        ]
        inner = exp.select(*flags).from_(self._relation.copy()).subquery("t")
        counts = _counts(i, exp.column("considered"), exp.column("unexpected"))
        return self._first(exp.select(*counts).from_(inner))

    def _of_rows(
        self, one: Expectation, condition: RowConditions, elements: int, unexpected: int
    ) -> ExpectationResult:
        rows = self._unexpected(condition) if unexpected else []
        success = meets(elements, unexpected, one.mostly)
        return ExpectationResult(one, success, elements, unexpected, rows=rows)

    def _unexpected(self, condition: RowConditions) -> list[dict[str, Any]]:
        missed = all_of([exp.Paren(this=condition.considered.copy()), condition.unexpected])
        flag = exp.alias_(missed, _FLAG, quoted=True)
        inner = exp.select(exp.Star(), flag).from_(self._relation.copy()).subquery("t")
        chosen = exp.column(exp.to_identifier(_FLAG, quoted=True))
        query = exp.select("*").from_(inner).where(chosen).limit(self._rows_shown)
        rows: list[dict[str, Any]] = self._table(query).drop_columns([_FLAG]).to_pylist()
        return rows

    def _first(self, query: exp.Select) -> dict[str, Any]:
        row: dict[str, Any] = self._table(query).to_pylist()[0]
        return row

    def _table(self, query: exp.Expr) -> pa.Table:
        return self._connection.sql(query.sql(dialect="duckdb")).to_arrow_table()


def _counts(i: int, considered: exp.Expression, unexpected: exp.Expression) -> list[exp.Expr]:
    missed = all_of([exp.Paren(this=considered.copy()), unexpected])
    return [
        exp.alias_(count_where(considered), f"n{i}"),
        exp.alias_(count_where(missed), f"u{i}"),
    ]
