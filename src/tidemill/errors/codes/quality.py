"""Error codes of the room `quality`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "quality.unreadable": "A suite of expectations, or what it looks at, cannot be read.",
    "quality.bad-suite": "A suite of expectations has a key or a value that it does not take.",
    "quality.unknown-suite": "There is no suite of expectations of this name.",
    "quality.unknown-result": "No such result of a suite was kept.",
    "quality.unknown-expectation": "There is no expectation of this name.",
    "quality.bad-argument": "An expectation lacks an argument, or has one that it does not take.",
    "quality.not-in-stream": "An expectation needs a whole table where a stream never ends.",
    "quality.unfit-column": "An expectation does not fit its column, or the column is missing.",
    "quality.unexpected-row": "A row does not meet an expectation.",
    "quality.not-on-flink": "Flink does not set aside rows that miss an expectation.",
    "quality.not-importable": "A suite of Great Expectations has a part that is not taken over.",
}
