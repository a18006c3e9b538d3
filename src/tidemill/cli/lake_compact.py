"""`tidemill lake compact`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.lake_view import human_bytes, steps_bar
from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def lake_compact(table: str, /, *, target_mb: int = 128, common: Common = COMMON) -> None:
    """Make fewer files of an Iceberg or Delta table's many small ones.

    Rows stay as they are, and readers and writers go on meanwhile. What was replaced is kept for
    older snapshots, until `lake expire` removes it.

    Args:
        table: a table that a pipeline declares, or a Delta table by its folder or address.
        target_mb: about how large files become.
        common: the options of every verb.
    """
    from tidemill.control.lake.maintenance import compact_table  # noqa: PLC0415 - loaded when called

    with steps_bar("compact", common.json) as tell:
        done = compact_table(table, common.project, target_mb=target_mb, tell=tell)
    if common.json:
        data_json(asdict(done))
        return
    if not done.files_before:
        say("There is nothing to compact.")
    else:
        before, after = human_bytes(done.bytes_before), human_bytes(done.bytes_after)
        say(f"{done.files_before} files ({before}) became {done.files_after} ({after}).")
    if done.skipped:
        say(f"{done.skipped} groups of files were changed by another writer, and left.")


APP = verb("compact", lake_compact, "tidemill lake compact trips")
