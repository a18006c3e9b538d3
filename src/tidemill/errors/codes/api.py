"""Error codes of the room `api`: code to its meaning."""

CODES: dict[str, str] = {
    "api.bad-value": "A Python value cannot be written as SQL, or a name is not one of the known.",
    "api.incomplete-query": "A query built in Python lacks a step.",
    "api.missing-package": "A call needs a package that is not installed.",
    "api.no-final-rows": "A result is known by its changes only, not by the rows that stand.",
    "api.no-rows": "A SQL text gives no rows where rows were asked for.",
    "api.not-running": "A pipeline that was started has ended.",
}
