"""`tidemill topic create`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data_json, say
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def topic_create(
    topic: str,
    /,
    *,
    partitions: Annotated[int, Parameter(name=["--partitions", "-p"])] = 1,
    replication: int = -1,
    config: Annotated[tuple[str, ...], Parameter(name="--config")] = (),
    bootstrap: Bootstrap = None,
    common: Common = COMMON,
) -> None:
    """Create a topic.

    Args:
        topic: its name.
        partitions: how many partitions.
        replication: how many replicas; -1 is the broker's default.
        config: a setting KEY=VALUE such as cleanup.policy=compact; can be given several times.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.topics import (  # noqa: PLC0415 - loaded when called
        Cluster,
        create_topic,
    )

    settings = dict(_setting(text) for text in config)
    create_topic(
        Cluster(common.project, bootstrap),
        topic,
        partitions=partitions,
        replication=replication,
        settings=settings,
    )
    if common.json:
        data_json({"topic": topic, "partitions": partitions, "created": True})
    else:
        say(f"Created the topic {topic} with {partitions} partition{'s' * (partitions != 1)}.")


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(
            f"`{text}` is no setting", code="cli.usage", hint="Write --config KEY=VALUE."
        )
    return key, value


APP = verb(
    "create",
    topic_create,
    "tidemill topic create orders --partitions 4 --config cleanup.policy=compact",
)
