"""`tidemill lake copy`."""

from __future__ import annotations

from tidemill.cli.lake_view import show_transfers, transfer_bars
from tidemill.cli.verb import COMMON, Common, verb


def lake_copy(url: str, target: str, /, *, common: Common = COMMON) -> None:
    """Copy objects that are new or have changed.

    One after the other, in the order in which they were written. Called again it copies only what
    is missing; nothing is ever removed from the target.

    Args:
        url: a folder, or a pattern such as `s3://storage/raw/*.csv`.
        target: a folder, which ends with a slash.
        common: the options of every verb.
    """
    from tidemill.control.lake.copy import copy_objects  # noqa: PLC0415 - loaded when called

    with transfer_bars(common.json) as tell:
        done = copy_objects(url, target, common.project, tell)
    show_transfers(done, common.json)


APP = verb("copy", lake_copy, "tidemill lake copy s3://storage/raw/ s3://bronze/raw/")
