"""Error codes of the room `connector`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
