"""`tidemill lake get`."""

from __future__ import annotations

from pathlib import Path

from tidemill.cli.lake_view import show_transfers, transfer_bars
from tidemill.cli.verb import COMMON, Common, verb


def lake_get(url: str, target: Path = Path(), /, *, common: Common = COMMON) -> None:
    """Fetch objects from the lake.

    What was interrupted goes on; a file that is the same already is not fetched.

    Args:
        url: an object, a folder (it ends with a slash), or a pattern.
        target: a file, or the folder for the files.
        common: the options of every verb.
    """
    from tidemill.control.lake.objects import get_objects  # noqa: PLC0415 - loaded when called

    with transfer_bars(common.json) as tell:
        done = get_objects(url, target, common.project, tell)
    show_transfers(done, common.json)


APP = verb("get", lake_get, "tidemill lake get s3://lake/raw/ data")
