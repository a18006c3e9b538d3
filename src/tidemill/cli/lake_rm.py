"""`tidemill lake rm`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def lake_rm(
    url: str,
    /,
    *,
    recursive: Annotated[bool, Parameter(name=["--recursive", "-r"], show_default=False)] = False,
    common: Common = COMMON,
) -> None:
    """Remove objects from the lake.

    Args:
        url: an object; with --recursive a folder (it ends with a slash) or a pattern.
        recursive: remove all that the address stands for.
        common: the options of every verb.
    """
    from tidemill.control.lake.objects import remove_objects  # noqa: PLC0415 - loaded when called

    gone = remove_objects(url, common.project, recursive=recursive)
    if common.json:
        data_json(gone)
    else:
        say(f"Removed {len(gone)} objects.")


APP = verb(
    "rm", lake_rm, "tidemill lake rm s3://lake/raw/patients.csv\ntidemill lake rm -r s3://lake/raw/"
)
