"""The options that the `deadletter` verbs share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

Table = Annotated[str | None, Parameter(name="--table", help="Only letters of this table.")]
Stage = Annotated[
    str | None,
    Parameter(name="--stage", help="Only letters of this stage: parse, type, function, check ..."),
]
Code = Annotated[str | None, Parameter(name="--code", help="Only letters with this error code.")]
