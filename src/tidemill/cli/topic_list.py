"""`tidemill topic list`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.output import data_json, say, table
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb


def topic_list(
    *, internal: bool = False, bootstrap: Bootstrap = None, common: Common = COMMON
) -> None:
    """List the topics.

    Args:
        internal: list Kafka's own topics too.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.topics import Cluster, list_topics  # noqa: PLC0415 - loaded when called

    topics = list_topics(Cluster(common.project, bootstrap), internal=internal)
    if common.json:
        data_json([asdict(topic) for topic in topics])
    elif topics:
        rows = [(topic.name, topic.partitions, topic.replication) for topic in topics]
        table(("topic", "partitions", "replicas"), rows, right=("partitions", "replicas"))
    else:
        say("There is no topic.")


APP = verb("list", topic_list, "tidemill topic list")
