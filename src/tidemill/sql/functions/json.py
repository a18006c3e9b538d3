"""JSON functions over texts: JSON_VALUE and JSON_EXISTS with a literal path."""

from __future__ import annotations

import re

from tidemill.model.types import BOOLEAN, STRING
from tidemill.sql.expressions import Expression, Literal
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    as_text,
    count,
    literal_text,
    table,
)

_STEP = re.compile(
    r"\.?\[(?P<index>[0-9]+)\]"
    r"|\.?\[(?P<quote>['\"])(?P<quoted>[^'\"\\]+)(?P=quote)\]"
    r"|\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
)


def path_steps(path: str) -> list[str | int]:
    """The names and indexes of a path such as `lax $.a['b c'][0]`.

    Raises:
        FunctionArgumentError: for wildcards, filters and functions.
    """
    rest = path.strip().removeprefix("lax ").lstrip()
    if not rest.startswith("$"):
        raise FunctionArgumentError(
            f"takes a path that starts with $, not {path!r}", hint="Write '$.name'."
        )
    steps: list[str | int] = []
    index = 1
    while index < len(rest):
        step = _STEP.match(rest, index)
        if step is None:
            raise FunctionArgumentError(
                f"does not take the path {path!r}",
                hint="Use names and indexes, as in $.a.b[0] or $['a b'].",
            )
        if step["index"] is not None:
            steps.append(int(step["index"]))
        else:
            steps.append(step["quoted"] or step["name"])
        index = step.end()
    return steps


def _path(expression: Expression) -> Literal:
    path = literal_text(expression, "the path")
    path_steps(path)
    return Literal(path, expression.type, expression.span)


def _bind_value(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    return BoundCall((as_text(arguments[0]), _path(arguments[1])), STRING)


def _bind_exists(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    return BoundCall((as_text(arguments[0]), _path(arguments[1])), BOOLEAN)


FUNCTIONS: FunctionTable = table(
    ScalarFunction("JSON_VALUE", _bind_value, "JSON_VALUE(string, path)"),
    ScalarFunction("JSON_EXISTS", _bind_exists, "JSON_EXISTS(string, path)"),
)
