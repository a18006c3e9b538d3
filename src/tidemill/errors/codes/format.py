"""Error codes of the room `format`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "format.malformed": "The message is not valid text of its format.",
    "format.type-mismatch": "A field's value cannot be read as its column's type.",
    "format.missing-field": "A field is absent and the format was told to require all fields.",
    "format.null-in-not-null": "A NOT NULL column got NULL.",
    "format.before-missing": "An update or delete came without the row's earlier image.",
    "format.after-missing": "An insert or update came without the row's new image.",
    "format.value-unavailable": "A large value that did not change is not in the change event.",
    "format.unknown-op": "A change event has an operation that is none of c, r, u, d.",
    "format.not-encodable": "A row cannot be written in this format.",
    "format.unsupported-type": "The format cannot carry a column's type.",
    "format.bad-option": "An option of the format has a value that it cannot use.",
    "format.bad-magic": "A message has no magic byte and schema id before its bytes.",
    "format.unknown-schema": "The schema registry has no schema of the id in the message.",
    "format.incompatible-schema": "A writer's schema and the table's columns, or two versions of a "
    "schema, do not fit.",
    "format.schema-changed": "A writer's schema has other fields than the table declares columns.",
    "format.registry-unreachable": "The schema registry does not answer.",
    "format.registry-refused": "The schema registry refused a request.",
}
