"""`tidemill lake probe`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.output import data_json, say, table
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import StoreError


def lake_probe(url: str = "s3://lake", /, *, common: Common = COMMON) -> None:
    """Try out what an S3 endpoint honours.

    Signed requests, multipart uploads, lists by pages, conditional writes under racing writers, odd
    keys. Ends with exit code 3 where a lake cannot work there. Leaves nothing behind.

    Args:
        url: a bucket.
        common: the options of every verb.
    """
    from tidemill.control.lake.objects import probe_store  # noqa: PLC0415 - loaded when called

    checks = probe_store(url, common.project)
    failed = [check for check in checks if check.outcome == "failed"]
    if common.json:
        data_json([asdict(check) for check in checks])
    else:
        table(("check", "outcome", ""), [(c.name, c.outcome, c.message) for c in checks])
    if failed:
        raise StoreError(
            f"`{url}` is not fit for a lake: {', '.join(check.name for check in failed)}",
            code="store.probe-failed",
            detail="; ".join(check.message for check in failed),
        )
    say("Fit for a lake: sources, exactly-once sinks, bucket events.")


APP = verb("probe", lake_probe, "tidemill lake probe s3://lake")
