"""Error codes of the room `sql`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
