"""Error codes of the room `format`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "format.malformed": "The message is not valid text of its format.",
    "format.type-mismatch": "A field's value cannot be read as its column's type.",
    "format.missing-field": "A field is absent and the format was told to require all fields.",
    "format.null-in-not-null": "A NOT NULL column got NULL.",
    "format.before-missing": "An update or delete came without the row's earlier image.",
    "format.after-missing": "An insert or update came without the row's new image.",
    "format.unknown-op": "A change event has an operation that is none of c, r, u, d.",
    "format.not-encodable": "A row cannot be written in this format.",
    "format.unsupported-type": "The format cannot carry a column's type.",
    "format.bad-option": "An option of the format has a value that it cannot use.",
}
