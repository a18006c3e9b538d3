"""Error codes of the room `plan`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
