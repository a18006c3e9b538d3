"""`tidemill explain`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data, data_json, say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb


def explain(
    pipeline: str,
    /,
    *,
    sql: Annotated[bool, Parameter(show_default=False)] = False,
    var: Variables = (),
    common: Common = COMMON,
) -> None:
    """Show how a pipeline would run.

    Shows the stages, each above those that feed it: which columns are read, where state is kept,
    and which watermark drives it. No server needs to run.

    Args:
        pipeline: the name of a pipeline, or the path of a .sql file.
        sql: show the queries too that the engine runs in DuckDB.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.control.explain import (  # noqa: PLC0415 - loaded when called
        explain as make_explanation,
    )

    explanation = make_explanation(pipeline, common.project, variables=parse_variables(var))
    if common.json:
        data_json(explanation.as_dict())
        return
    data(explanation.text if sql else explanation.outline)
    for warning in explanation.warnings:
        say(f"warning[{warning.name}]: {warning.message}")
    for note in explanation.notes:
        say(f"note: {note}")


APP = verb(
    "explain", explain, "tidemill explain pipelines/orders.sql\ntidemill explain orders --sql"
)
