"""How a verb is declared: its function, its help, and the options that every verb has.

A verb stands in its own file as `APP = verb("name", function, EXAMPLE)`. Its help is the function's
docstring: the first line, then the body up to `Args:`, and always an example.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from tidemill.records import dataclass

COMMON_GROUP = Group("Common options", sort_key=99)


@Parameter(name="*", group=COMMON_GROUP)
@dataclass(frozen=True)
class Common:
    """The options that every verb has."""

    json: Annotated[bool, Parameter(help="Print data and errors as JSON.", show_default=False)] = (
        False
    )
    project: Annotated[
        Path | None,
        Parameter(
            name=["--project", "-C"],
            help="Folder of the project; by default the nearest one with a tidemill.yaml.",
        ),
    ] = None
    debug: Annotated[
        bool, Parameter(help="Show the traceback of an error.", show_default=False)
    ] = False


COMMON = Common()


def verb(name: str, function: Callable[..., Any], example: str) -> App:
    """The command for one verb, with its example at the end of its help."""
    text = inspect.getdoc(function) or ""
    summary, _, rest = text.partition("\n\n")
    body = "\n\n".join(
        " ".join(paragraph.split())
        for paragraph in rest.partition("Args:\n")[0].strip().split("\n\n")
    )
    lines = [*([body, ""] if body else []), "Example:"]
    lines += [f"  {line}" for line in example.strip().splitlines()]
    app = App(
        name=name,
        help=" ".join(summary.split()),
        help_epilogue="\n".join(lines),
        help_format="plaintext",
        help_flags=["--help", "-h"],
        version_flags=[],
        default_parameter=Parameter(negative=()),
    )
    app.default(function)
    return app
