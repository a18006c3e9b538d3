"""Queries on Flink through its SQL Gateway, their rows collected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tidemill.control.parity.results import Change, QueryResult
from tidemill.runners.flink import FlinkScript, Gateway, GatewaySession, Result, Statement

SESSION: Mapping[str, str] = {
    "execution.runtime-mode": "streaming",
    "parallelism.default": "1",
    "restart-strategy.type": "none",
    # Watermarks after each event that advances them, as the embedded engine has them.
    "pipeline.auto-watermark-interval": "0 ms",
    "table.local-time-zone": "UTC",
    # PyFlink holds watermarks back until a bundle is full: a late row in it would be in time.
    "python.fn-execution.bundle.size": "1",
}
"""What makes a run on Flink deterministic; the text's own SET statements come after it."""

QUERIES = ("SELECT", "WITH", "VALUES", "TABLE", "(")
_LISTINGS = ("SHOW", "DESCRIBE", "DESC")


def run_on_flink(
    gateway: Gateway,
    script: FlinkScript,
    settings: Mapping[str, str] | None = None,
    *,
    timeout_s: float = 120.0,
    secrets: Sequence[str] = (),
    listings: bool = False,
    query: Callable[[GatewaySession, Statement], Result] | None = None,
) -> list[QueryResult]:
    """Run all statements in one session; return the rows of each query; raises TidemillError.

    With `listings`, the answers of SHOW and DESCRIBE count as queries. `query` runs the queries, if
    not to the end of their input.
    """
    kinds = (*QUERIES, *_LISTINGS) if listings else QUERIES
    results = []
    with gateway.session({**SESSION, **(settings or {})}) as session:
        for statement in script.statements:
            if query is not None and statement.kind in QUERIES:
                result = query(session, statement)
            else:
                result = session.execute(statement, timeout_s, secrets)
            if statement.kind not in kinds:
                continue
            results.append(
                QueryResult(
                    tuple(column.name for column in result.columns),
                    tuple(column.type for column in result.columns),
                    [Change(row.kind, row.values) for row in result.rows],
                )
            )
    return results
