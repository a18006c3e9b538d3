"""DuckDB as a library of vectorised kernels: one private in-memory database per session.

A query is prepared once; the relation it reads is an Arrow stream whose content is swapped for
each batch, so a call costs about a third of a millisecond plus its rows. Columns that a query hands
on as they are do not go through DuckDB. Nothing is ever stored in it. `memory` is the budget of the
state that the queries work on. Used from one thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from tidemill.engine.state.memory import StateMemory
from tidemill.plan.lowering.arrow import register
from tidemill.plan.passing import passing
from tidemill.records import dataclass

_REWRITTEN_BADLY = "BindBuiltinScalarFunction"
"""What DuckDB 2.0.0 says where it folds a function of a constant NULL while it rewrites an IN list
within CASE: `CASE WHEN c > 'a' THEN SPLIT_PART(c, '.', 1) IN ('', '+', '-') END` for such a `c`."""

_FEW_ROWS = 8_192
"""Up to so many rows, the copy that `execute` makes of the result costs less than what `sql` does
beside running the statement: half of a millisecond a call in DuckDB 2.0.0."""
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result makes an extra copy")


class _Slot:
    """A relation whose rows change; DuckDB asks for the stream at each execution."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.schema = table.schema

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A query of a relation whose columns have some types.

    Attributes:
        name: of the prepared statement; None where nothing is computed.
        schema: of its rows, where columns pass.
        passing: columns of the relation by the names that the query gives them.
    """

    name: str | None
    schema: pa.Schema | None
    passing: Mapping[str, str]


class Kernel:
    """Runs prepared queries over Arrow tables."""

    def __init__(self, threads: int = 1, memory: StateMemory | None = None) -> None:
        self.memory = memory or StateMemory()
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "enable_external_access": False,
                "autoload_known_extensions": False,
                "autoinstall_known_extensions": False,
            },
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._slots: dict[str, _Slot] = {}
        self._prepared: dict[str, _Prepared] = {}
        self._count = 0

    def warm(self) -> None:
        """Load what the first query loads (about 40 ms), before rows wait for it."""
        self.run(
            "SELECT x FROM warm WHERE x > 0", "warm", pa.table({"x": pa.array([], pa.int64())})
        )

    def run(
        self, query: str, relation: str, table: pa.Table, parameters: Sequence[int] = ()
    ) -> pa.Table:
        """The query's rows over `table`, which it knows as `relation`; raises duckdb.Error."""
        self._bind(relation, table)
        try:
            return self._execute(query, relation, table, parameters)
        except duckdb.InvalidInputException as error:
            if _REWRITTEN_BADLY not in str(error):
                raise
        self._connection.execute("SET disabled_optimizers = 'in_clause'")
        self._forget()
        return self._execute(query, relation, table, parameters)

    def _execute(
        self, query: str, relation: str, table: pa.Table, parameters: Sequence[int]
    ) -> pa.Table:
        prepared = self._prepared.get(query)
        if prepared is None:
            prepared = self._prepared[query] = self._prepare(query, relation, table, parameters)
        if prepared.schema is None:
            return self._call(str(prepared.name), table.num_rows, parameters)
        made = {}
        if prepared.name is not None:
            computed = self._call(prepared.name, table.num_rows, parameters)
            made = dict(zip(computed.column_names, computed.columns, strict=True))
        made |= {name: _whole(table.column(own)) for name, own in prepared.passing.items()}
        return pa.Table.from_arrays(
            [made[name] for name in prepared.schema.names], schema=prepared.schema
        )

    def _prepare(
        self, query: str, relation: str, table: pa.Table, parameters: Sequence[int]
    ) -> _Prepared:
        register(self._connection, query)
        name = self._statement(query)
        found = passing(query, relation) if not parameters else None
        if found is None:
            return _Prepared(name, None, {})
        slot = self._slots[relation]
        slot.table = table.schema.empty_table()
        schema = self._call(name, 0, parameters).schema
        slot.table = table
        same = {
            made: own
            for made, own in found.columns
            if own is not None
            and own in table.schema.names
            and schema.field(made).type == table.schema.field(own).type
        }
        computed = {made for made, _ in found.columns} - same.keys()
        if not same:
            return _Prepared(name, None, {})
        if not computed:
            return _Prepared(None, schema, same)
        return _Prepared(self._statement(found.computing(computed)), schema, same)

    def _statement(self, query: str) -> str:
        self._count += 1
        name = f"q{self._count}"
        self._connection.execute(f"PREPARE {name} AS {query}")
        return name

    def _call(self, name: str, rows: int, parameters: Sequence[int]) -> pa.Table:
        values = ", ".join(str(int(value)) for value in parameters)
        call = f"EXECUTE {name}({values})" if values else f"EXECUTE {name}"
        if rows <= _FEW_ROWS:
            return self._connection.execute(call).to_arrow_table()
        return self._connection.sql(call).to_arrow_table()

    def _bind(self, relation: str, table: pa.Table) -> None:
        slot = self._slots.get(relation)
        if slot is not None and slot.schema.equals(table.schema):
            slot.table = table
            return
        slot = _Slot(table)
        self._slots[relation] = slot
        self._connection.register(relation, slot)
        self._forget()

    def _forget(self) -> None:
        """All statements are prepared anew, under the names of those before."""
        self._prepared.clear()
        self._count = 0

    def release(self) -> None:
        """Let go of the last batches."""
        for slot in self._slots.values():
            slot.table = slot.schema.empty_table()

    def close(self) -> None:
        """Give everything back."""
        self._connection.close()


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in one piece, as DuckDB would give it."""
    return column if column.num_chunks == 1 else pa.chunked_array([column.combine_chunks()])
