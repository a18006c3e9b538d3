"""Error codes of the room `engine`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
