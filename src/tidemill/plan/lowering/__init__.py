"""Typed expressions of Flink SQL as DuckDB expressions with the same results, row by row.

`lower` gives the DuckDB expression; the engine writes it as text with dialect `duckdb`. A value
that fails its row (a bad CAST, a division by zero) raises in DuckDB with a message that starts with
its code in brackets, as `[engine.division-by-zero]`. `aggregate_plan` splits an aggregate function
into mergeable partials.
"""

from tidemill.plan.lowering.aggregates import AggregatePlan, PartialColumn, aggregate_plan
from tidemill.plan.lowering.build import duckdb_type
from tidemill.plan.lowering.lower import LOWERINGS, lower

__all__ = [
    "LOWERINGS",
    "AggregatePlan",
    "PartialColumn",
    "aggregate_plan",
    "duckdb_type",
    "lower",
]
