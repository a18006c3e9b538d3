"""Error codes of training programs: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "train.no-program": "The training program does not exist, or lies outside the project.",
    "train.failed": "A training program ended with an error.",
}
