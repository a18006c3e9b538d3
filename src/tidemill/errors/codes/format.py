"""Error codes of the room `format`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
