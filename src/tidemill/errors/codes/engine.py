"""Error codes of the room `engine`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "engine.bad-row": "An expression cannot be computed for a row.",
    "engine.bad-cast": "A value of a row cannot be cast to the type that is asked for.",
    "engine.division-by-zero": "A row divides by zero.",
    "engine.out-of-range": "A computed value of a row does not fit its type.",
    "engine.invalid-argument": "A function got an argument of a row that it does not take.",
    "engine.null-rowtime": "The event time of a row is NULL.",
    "engine.null-in-not-null-column": "A row carries NULL for a NOT NULL column of its sink.",
    "engine.late-row": "A row arrived after all its windows had closed.",
    "engine.query-failed": "A fused query failed for a reason that no single row explains.",
    "engine.aggregate-failed": "Merging or finishing an aggregate failed.",
    "engine.state-locked": "Another engine runs on the same state folder.",
    "engine.checkpoint-damaged": "A checkpoint that is needed cannot be read or fails its "
    "checksum.",
    "engine.checkpoint-format": "A checkpoint was written by a newer version.",
    "engine.checkpoint-io": "A checkpoint could not be written.",
    "engine.plan-changed": "The state of the last run belongs to another plan.",
    "engine.state-lost": "A sink holds an epoch that no checkpoint knows.",
    "engine.sink-behind": "A sink holds an older epoch than it had committed.",
    "engine.sink-ahead": "A sink holds a newer epoch than the engine has decided.",
    "engine.unknown-sink": "No commit group takes a table that the plan writes.",
    "engine.unknown-source": "No source was given for a table that the plan reads.",
    "engine.bad-source": "A source broke its contract.",
    "engine.retries-exhausted": "A source or sink kept failing after all retries.",
    "engine.internal": "The engine met a state that it should never be in.",
}
