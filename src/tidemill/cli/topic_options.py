"""The option that all `topic` verbs share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

Bootstrap = Annotated[
    str | None,
    Parameter(
        name="--bootstrap",
        help="Address of another cluster, HOST:PORT; by default the project's own Kafka.",
    ),
]
