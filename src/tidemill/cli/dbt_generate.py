"""`tidemill dbt generate`."""

from __future__ import annotations

from tidemill.cli.output import data, data_json
from tidemill.cli.verb import COMMON, Common, verb


def dbt_generate(
    *, warn_after_min: int = 60, error_after_min: int = 1440, common: Common = COMMON
) -> None:
    """Write dbt's sources from the pipelines.

    Writes dbt/models/tidemill: sources.yml with the tables of the project's Postgres that pipelines
    write, and their freshness; exposures.yml and docs.md with the pipelines. No server needs to
    run. The files are written anew each time.

    Args:
        warn_after_min: freshness: warn after so many minutes without a new row.
        error_after_min: freshness: fail after so many.
        common: the options of every verb.
    """
    from tidemill.control.dbt.generate import generate  # noqa: PLC0415 - loaded when called

    made = generate(common.project, warn_after_min=warn_after_min, error_after_min=error_after_min)
    if common.json:
        data_json(
            {"files": list(made.files), "tables": list(made.tables),
             "pipelines": list(made.pipelines)}
        )  # fmt: skip
        return
    for file in made.files:
        data(file)


APP = verb("generate", dbt_generate, "tidemill dbt generate\ntidemill dbt generate --json")
