"""Error codes of the room `console`: code to its meaning."""

CODES: dict[str, str] = {
    "console.not-installed": "The console's packages are not installed.",
    "console.needs-tls": "The console may listen beyond this machine only with TLS.",
    "console.bad-token": "A token given for the console is too short to be safe.",
    "console.port-taken": "Another program listens on the console's port.",
    "console.refused": "The console's guard refused a request.",
    "console.bad-request": "A request to the console's API lacks something or makes no sense.",
    "console.bad-filter": "A filter expression for messages cannot be used.",
    "console.group-in-use": "A consumer group cannot be reset: it has members, or is a pipeline's.",
    "console.bad-query": "A query of the console is refused, failed, or took too long.",
}
