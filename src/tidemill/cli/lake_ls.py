"""`tidemill lake ls`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.lake_view import human_bytes
from tidemill.cli.output import data_json_line, say, table
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
    objects = list(list_objects(url, common.project))
    rows = [(f"{o.modified:%Y-%m-%d %H:%M:%S}", human_bytes(o.size), o.url) for o in objects]
    if rows:
        table(("modified (UTC)", "size", "object"), rows, right=("size",))
    say(f"{len(objects)} objects, {human_bytes(sum(o.size for o in objects))}")


APP = verb("ls", lake_ls, "tidemill lake ls\ntidemill lake ls 's3://lake/raw/*.csv' --json")
