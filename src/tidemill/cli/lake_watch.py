"""`tidemill lake watch`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tidemill.cli.output import data_json, data_json_line, say
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb

if TYPE_CHECKING:
    from tidemill.control.lake.watch import WatchProgress


def lake_watch(
    url: str,
    /,
    *,
    topic: Annotated[str, Parameter(name=["--topic", "-t"])],
    every_s: float = 1.0,
    once: Annotated[bool, Parameter(show_default=False)] = False,
    bootstrap: Bootstrap = None,
    common: Common = COMMON,
) -> None:
    """Write what happens to objects into a Kafka topic.

    Each new version of an object, and each removal, becomes one S3 event record (the JSON of S3's
    and MinIO's notifications, keyed by bucket and key), exactly once, also when the watcher is
    killed. Goes on until Ctrl-C.

    Args:
        url: a bucket or a prefix.
        topic: the topic of the events; `<topic>.watched` keeps what was told.
        every_s: seconds between two lists of the bucket.
        once: tell what is new now, and end.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.lake.watch import watch  # noqa: PLC0415 - loaded when called
    from tidemill.control.stopping import stop_on_signals  # noqa: PLC0415

    told: list[tuple[int, int, int]] = []

    def report(at: WatchProgress) -> None:
        now = (at.created, at.removed, at.restarts)
        if told and told[-1] == now:
            return
        told[:] = [now]
        if common.json and not once:
            data_json_line(asdict(at))
        elif not common.json:
            text = f"{at.objects} objects: {at.created} events of new ones, {at.removed} of removed"
            say(text if at.last_error is None else f"{text}; {at.last_error}")

    with stop_on_signals() as stopping:
        ended = watch(
            url,
            topic,
            common.project,
            bootstrap=bootstrap,
            interval_s=every_s,
            once=once,
            stopping=stopping,
            report=report,
        )
    if common.json and once:
        data_json(asdict(ended))


APP = verb("watch", lake_watch, "tidemill lake watch s3://lake/raw/ --topic lake.events")
