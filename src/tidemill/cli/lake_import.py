"""`tidemill lake import`."""

from __future__ import annotations

from tidemill.cli.lake_view import show_transfers, transfer_bars
from tidemill.cli.verb import COMMON, Common, verb


def lake_import(*, common: Common = COMMON) -> None:
    """Send the files that lake.yaml names.

    What is there already, with the same content, is not sent again.

    Args:
        common: the options of every verb.
    """
    from tidemill.control.lake.imports import import_files  # noqa: PLC0415 - loaded when called

    with transfer_bars(common.json) as tell:
        done = import_files(common.project, tell)
    show_transfers(done, common.json)


APP = verb("import", lake_import, "tidemill lake import")
