"""The option that all verbs of `tidemill schema` have."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

RegistryUrl = Annotated[
    str | None,
    Parameter(name="--registry", help="Another registry, by its URL; by default the project's."),
]
