"""Error codes of the room `cli`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
