"""What is exported, and what came of it: plain data."""

from __future__ import annotations

from typing import Literal

from tidemill.control.export.servers import Container
from tidemill.records import dataclass

Target = Literal["compose", "kubernetes"]


@dataclass(frozen=True, slots=True)
class ExportedPipeline:
    """A pipeline: `name` in the project, `label` as the systems take names, whether it ends."""

    name: str
    label: str
    bounded: bool


@dataclass(frozen=True, slots=True)
class Deployment:
    """All that is to be written.

    `variables` are the environment variables with secrets, `flink` whether the project has one,
    `connectors` whether it registers some, `init_sql` scripts for a new Postgres.
    """

    project: str
    image: str
    containers: tuple[Container, ...]
    pipelines: tuple[ExportedPipeline, ...]
    variables: tuple[str, ...]
    flink: bool
    connectors: tuple[str, ...]
    init_sql: tuple[str, ...]

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the containers that hold servers."""
        return tuple(container.name for container in self.containers)


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the files are, which there are, and what must be set before they are used."""

    folder: str
    files: tuple[str, ...]
    variables: tuple[str, ...]
    notes: tuple[str, ...]
