"""`tidemill dbt build`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data, data_json, say
from tidemill.cli.servers_view import StackTalk
from tidemill.cli.verb import COMMON, Common, verb


def dbt_build(
    *,
    select: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    full_refresh: bool = False,
    common: Common = COMMON,
) -> int:
    """Build the warehouse: models and tests.

    Generates the sources, then runs the real dbt (dbt-core 1.11 with dbt-postgres, in an
    environment that is made the first time) on the project's Postgres. The login is passed by
    environment variables and stands in no file. The exit code is 1 where a model or test fails.

    Args:
        select: a selector of dbt; can be given several times; by default everything.
        full_refresh: build incremental models anew.
        common: the options of every verb.
    """
    from tidemill.control.dbt.build import build  # noqa: PLC0415 - loaded when called

    with StackTalk() as talk:
        found = build(
            common.project,
            select=select,
            full_refresh=full_refresh,
            say=None if common.json else say,
            progress=talk.tell,
        )
    if common.json:
        data_json(found.as_dict())
    else:
        for node in found.nodes:
            data(f"{node.status}  {node.id}")
    return 0 if found.success else 1


APP = verb("build", dbt_build, "tidemill dbt build\ntidemill dbt build --select marts")
