"""Error codes of the room `plan`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "plan.filtered-versions": "A versioned table of a temporal join is a changelog with a filter.",
    "plan.not-readable": "The connector of a table that is read cannot be read from.",
    "plan.shared-source": "Two sources would read what only one can, such as a replication slot.",
    "plan.not-writable": "The connector of a table that is written cannot be written to.",
    "plan.unknown-connector": "A table names a connector that does not exist.",
    "plan.changelog-into-append-only": "Updates and deletes would reach a sink that only takes "
    "inserts.",
    "plan.upsert-source": "A source without before-images feeds an operator that needs them.",
    "plan.limit-over-changes": "ORDER BY or LIMIT would pick changes instead of rows.",
    "plan.sink-key-mismatch": "A sink's PRIMARY KEY does not tell the rows of a changelog apart.",
    "plan.unbounded-sort": "ORDER BY over an unbounded input would never give a row.",
    "plan.unsupported-window": "A window kind, or its sizes, is not supported by the embedded "
    "engine yet.",
    "plan.current-watermark": "CURRENT_WATERMARK stands elsewhere than over the rows of a table.",
    "plan.missing-watermark": "An event-time window reads an input without a watermark.",
    "plan.not-retractable": "An aggregate function cannot take back the rows that a changelog "
    "withdraws.",
    "plan.sink-schema-mismatch": "The columns of a query do not match the columns of its sink.",
    "plan.several-rowtimes": "A query gives several event times to one sink.",
    "plan.conflicting-watermarks": "One table is read with two different watermarks.",
    "plan.bad-option": "An option that the engine itself reads has a value it does not take.",
    "plan.not-mergeable": "An aggregate function in Python without `merge` stands in windows that "
    "overlap or grow.",
    "plan.not-deterministic": "A function that may give other results for the same row would be "
    "called over a changelog.",
    "plan.python-join": "A Python function reads both sides of a join in its condition.",
    "plan.python-watermark": "A watermark is over a column that a Python function computes.",
    "plan.python-time-zone": "A Python function takes or gives an instant in a time zone other "
    "than UTC.",
    "plan.nothing-to-run": "The file has neither an INSERT nor a SELECT.",
    "plan.join-over-changes": "A join on time or in windows reads a changelog.",
    "plan.unsupported-join": "A join has a form that the embedded engine does not run.",
    "plan.unsupported-aggregate": "An aggregate function has no partials yet.",
    "plan.unsupported-match": "MATCH_RECOGNIZE cannot run over its input.",
    "plan.over-window": "An OVER window cannot be computed over a stream.",
}
