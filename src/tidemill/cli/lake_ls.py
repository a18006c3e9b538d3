"""`tidemill lake ls`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.lake_view import human_bytes
from tidemill.cli.output import data, data_json_line, printable, say
from tidemill.cli.verb import COMMON, Common, verb


def lake_ls(url: str = "s3://lake/", /, *, common: Common = COMMON) -> None:
    """List objects.

    Args:
        url: a bucket, a prefix, or a pattern such as `s3://lake/raw/*.csv`.
        common: the options of every verb.
    """
    from tidemill.control.lake.objects import list_objects  # noqa: PLC0415 - loaded when called

    if common.json:
        for found in list_objects(url, common.project):
            data_json_line(asdict(found))
        return
    count = size = 0
    for found in list_objects(url, common.project):
        if not count:
            data(f"{'modified (UTC)':19}  {'size':>10}  object")
        # As they come, and not as one table: a bucket may hold a million.
        line = f"{found.modified:%Y-%m-%d %H:%M:%S}  {human_bytes(found.size):>10}  {found.url}"
        data(printable(line))
        count, size = count + 1, size + found.size
    say(f"{count:,} objects, {human_bytes(size)}")


APP = verb("ls", lake_ls, "tidemill lake ls\ntidemill lake ls 's3://lake/raw/*.csv' --json")
