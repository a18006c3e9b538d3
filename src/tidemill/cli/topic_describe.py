"""`tidemill topic describe`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.output import data, data_json, table
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb


def topic_describe(topic: str, /, *, bootstrap: Bootstrap = None, common: Common = COMMON) -> None:
    """Show a topic's partitions.

    Shows each partition's leader and offsets, and the settings that are not the broker's defaults.

    Args:
        topic: the topic.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.topics import (  # noqa: PLC0415 - loaded when called
        Cluster,
        describe_topic,
    )

    detail = describe_topic(Cluster(common.project, bootstrap), topic)
    if common.json:
        data_json(asdict(detail))
        return
    columns = ("partition", "leader", "replicas", "in sync", "begin", "end", "offsets")
    rows = [
        (
            part.partition,
            part.leader,
            ",".join(map(str, part.replicas)),
            ",".join(map(str, part.in_sync)),
            part.begin,
            part.end,
            part.end - part.begin,
        )
        for part in detail.partitions
    ]
    table(columns, rows, right=("partition", "leader", "begin", "end", "offsets"))
    for name, value in detail.settings.items():
        data(f"{name} = {value}")


APP = verb("describe", topic_describe, "tidemill topic describe orders")
