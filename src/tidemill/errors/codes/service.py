"""Error codes of the room `service`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
