"""Error codes of the use case `parity`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "parity.no-such-table": "An input was given for a table that the pipeline does not read.",
    "parity.not-repeatable": "A source gives other rows on each read, so runs cannot be compared.",
}
