"""`tidemill export kubernetes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.export_view import show_exported
from tidemill.cli.verb import COMMON, Common, verb


def export_kubernetes(
    folder: Path = Path("deploy"),
    /,
    *,
    init_sql: Annotated[tuple[Path, ...], Parameter(negative=())] = (),
    image: str | None = None,
    wheel: Path | None = None,
    common: Common = COMMON,
) -> None:
    """Write the project for Kubernetes.

    The servers and the pipelines as StatefulSets, pipelines over bounded input as Jobs, Flink as a
    FlinkDeployment of the Flink Kubernetes operator; with probes, volumes, and secrets as keys of
    one Secret that you make. No secret is written, and no data moves.

    Args:
        folder: the folder to write, which must be empty or absent.
        init_sql: a script that a new Postgres runs; can be given several times.
        image: the name of the engine's image; by default PROJECT:latest.
        wheel: a wheel of Tidemill to install in the image, where pip's index has none.
        common: the options of every verb.
    """
    from tidemill.control.export.export import export  # noqa: PLC0415 - loaded when called

    made = export("kubernetes", folder, common.project, init_sql=init_sql, image=image, wheel=wheel)
    show_exported(made, common)


APP = verb(
    "kubernetes",
    export_kubernetes,
    "tidemill export kubernetes\ntidemill export kubernetes deploy --image registry/shop:1",
)
