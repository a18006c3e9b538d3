"""Error codes of the room `store`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "store.bad-url": "An address names no object store that Tidemill can reach.",
    "store.bucket-missing": "The store has no bucket of this name.",
    "store.changed": "An object is not the version any more that was asked for.",
    "store.condition-failed": "A conditional write found the object there, or another version.",
    "store.key-refused": "The store takes no object under this key.",
    "store.login-refused": "The store refused the keys, or these may not do what was asked.",
    "store.missing": "The store has no object under this key.",
    "store.no-upload": "The store knows no such multipart upload: it was completed or given up.",
    "store.probe-failed": "An endpoint does not do what a lake needs.",
    "store.refused": "The store refused a call.",
    "store.unreachable": "The store did not answer, or was too busy, however often it was asked.",
}
