"""The option `--var NAME=VALUE` of the verbs that read SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from tidemill.errors import UsageError

Variables = Annotated[
    tuple[str, ...],
    Parameter(
        name="--var",
        help="A variable NAME=VALUE for ${var:NAME}; can be given several times.",
    ),
]


def parse_variables(given: Sequence[str]) -> dict[str, str]:
    """The variables by name."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                f"`{text}` is no variable", code="cli.usage", hint="Write --var NAME=VALUE."
            )
        found[name] = value
    return found
