"""DuckDB as a library of vectorised kernels: one private in-memory database per session.

A query is prepared once; the relation it reads is an Arrow stream whose content is swapped for
each batch, so a call costs about a third of a millisecond plus its rows. Nothing is ever stored in
DuckDB. `memory` is the budget of the state that the queries work on. Used from one thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from tidemill.engine.state.memory import StateMemory
from tidemill.plan.lowering.arrow import register

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
        self._prepared: dict[str, str] = {}

    def run(
        self, query: str, relation: str, table: pa.Table, parameters: Sequence[int] = ()
    ) -> pa.Table:
        """The query's rows over `table`, which it knows as `relation`; raises duckdb.Error."""
        self._bind(relation, table)
        try:
            return self._execute(query, parameters, table.num_rows)
        except duckdb.InvalidInputException as error:
            if _REWRITTEN_BADLY not in str(error):
                raise
        self._connection.execute("SET disabled_optimizers = 'in_clause'")
        self._prepared.clear()
        return self._execute(query, parameters, table.num_rows)

    def _execute(self, query: str, parameters: Sequence[int], rows: int) -> pa.Table:
        name = self._prepared.get(query)
        if name is None:
            register(self._connection, query)
            name = f"q{len(self._prepared)}"
            self._connection.execute(f"PREPARE {name} AS {query}")
            self._prepared[query] = name
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
        self._prepared.clear()

    def release(self) -> None:
        """Let go of the last batches."""
        for slot in self._slots.values():
            slot.table = slot.schema.empty_table()

    def close(self) -> None:
        """Give everything back."""
        self._connection.close()
