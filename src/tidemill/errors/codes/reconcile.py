"""Error codes of the use case `reconcile`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "reconcile.no-such-table": "A table to compare is not in the pipeline, or lacks the key.",
    "reconcile.not-readable": "A sink's connector cannot read back what the sink holds.",
    "reconcile.not-repeatable": "A source gives other rows on each read, so nothing can be "
    "computed anew.",
    "reconcile.not-live": "Tables cannot be compared while they are written: the source is not "
    "in Postgres, the sink has no end to read to, or they have no key that both order alike.",
    "reconcile.not-through": "A pipeline did not come up to the place in the log that its sink is "
    "compared at, or the sink could not be read to its end in time.",
}
