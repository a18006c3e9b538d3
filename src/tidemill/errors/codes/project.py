"""Error codes of the room `project`: code to its meaning in one sentence."""

CODES: dict[str, str] = {}
