"""`tidemill lake expire`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.lake_view import steps_bar
from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def lake_expire(
    table: str,
    /,
    *,
    older_than: str = "7 d",
    orphans: Annotated[bool, Parameter(show_default=False)] = False,
    dry_run: Annotated[bool, Parameter(show_default=False)] = False,
    common: Common = COMMON,
) -> None:
    """Remove old versions of an Iceberg or Delta table, and the files that only they had.

    A streaming source that has not read a removed version cannot go on from where it was.

    Args:
        table: a table that a pipeline declares, or a Delta table by its folder or address.
        older_than: the age of what is removed, such as `12 h` or `7 d`.
        orphans: remove files of that age too that no version has, as a killed process leaves them.
        dry_run: remove nothing, and say what would be.
        common: the options of every verb.
    """
    from tidemill.control.lake.maintenance import expire_table  # noqa: PLC0415 - loaded when called

    with steps_bar("expire", common.json) as tell:
        done = expire_table(
            table,
            common.project,
            older_than=older_than,
            orphans=orphans,
            dry_run=dry_run,
            tell=tell,
        )
    if common.json:
        data_json(asdict(done))
        return
    verb_text = "Would remove" if dry_run else "Removed"
    parts = [f"{done.versions} snapshots" if done.versions else "", f"{done.files} files"]
    parts += [f"{done.orphans} orphans"] if done.orphans else []
    say(f"{verb_text} {', '.join(part for part in parts if part)}.")


APP = verb("expire", lake_expire, "tidemill lake expire trips --older-than '3 d' --orphans")
