"""`tidemill lake put`."""

from __future__ import annotations

from pathlib import Path

from tidemill.cli.lake_view import show_transfers, transfer_bars
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def lake_put(*paths: str, common: Common = COMMON) -> None:
    """Send files to the lake.

    The last argument is where to: a folder (it ends with a slash), or one object. Large files go in
    parts; called again after an interruption, it sends only what is missing. A file that is there
    already, with the same content, is not sent.

    Args:
        paths: files and folders, and at last an address such as `s3://lake/raw/`.
        common: the options of every verb.
    """
    from tidemill.control.lake.objects import put_files  # noqa: PLC0415 - loaded when called

    if len(paths) < 2:
        raise UsageError(
            "give files, and where they go",
            code="cli.usage",
            hint="tidemill lake put data/*.csv s3://lake/raw/",
        )
    *files, url = paths
    with transfer_bars(common.json) as tell:
        done = put_files([Path(file) for file in files], url, common.project, tell)
    show_transfers(done, common.json)


APP = verb("put", lake_put, "tidemill lake put data/patients.csv s3://lake/raw/")
