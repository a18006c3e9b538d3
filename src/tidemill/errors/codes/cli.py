"""Error codes of the room `cli` and of the use cases in `control`: code to its meaning."""

CODES: dict[str, str] = {
    "cli.usage": "The command line has an unknown command or option, or a value of a wrong kind.",
    "cli.internal": "Tidemill itself failed in a way it did not foresee; please report it.",
    "cli.interrupted": "The command was interrupted.",
    "cli.not-empty": "A project cannot be made in a folder that already has files of that name.",
    "cli.unknown-template": "There is no project template of this name.",
    "cli.unreadable": "A file named on the command line cannot be read.",
    "cli.unwritable": "A file named on the command line cannot be written.",
    "cli.no-terminal": "The command needs a terminal, or a text or file to run instead.",
    "control.no-servers": "The project names no server, or none that the command needs.",
    "control.no-bridge": "A table cannot be carried over a bridge from Flink.",
    "control.nothing-to-run": "A pipeline file has no INSERT INTO, so there is nothing to run.",
    "control.bad-rows": "Rows given on standard input or in a file are not what the topic takes.",
    "control.connect-unreachable": "Kafka Connect's REST API does not answer.",
    "control.connect-refused": "Kafka Connect refused a request.",
    "control.connector-failed": "A connector or its task failed in Kafka Connect.",
    "control.connector-file": "A connector's JSON file is not what Kafka Connect takes.",
    "control.unknown-connector": "Kafka Connect has no connector of this name.",
    "control.unknown-sink": "A pipeline writes no table of this name.",
    "control.timeout": "Something did not become ready in time.",
}
