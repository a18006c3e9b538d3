"""`tidemill topic delete`."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data_json, say
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def topic_delete(
    topic: str,
    /,
    *more: str,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], show_default=False)] = False,
    bootstrap: Bootstrap = None,
    common: Common = COMMON,
) -> None:
    """Delete topics and all their messages.

    Asks first on a terminal; without one, --yes is needed. Where one of the topics does not exist,
    none is deleted.

    Args:
        topic: the topic.
        more: more topics.
        yes: do not ask.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.topics import (  # noqa: PLC0415 - loaded when called
        Cluster,
        delete_topics,
    )

    topics = (topic, *more)
    if not yes and not _agreed(topics):
        say("Nothing was deleted.")
        return
    delete_topics(Cluster(common.project, bootstrap), topics)
    if common.json:
        data_json({"deleted": list(topics)})
    else:
        say(f"Deleted {', '.join(topics)}.")


def _agreed(topics: tuple[str, ...]) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "deleting topics needs a yes",
            code="cli.usage",
            hint="Add --yes where there is no terminal to ask on.",
        )
    sys.stderr.write(f"Delete {', '.join(topics)} with all messages? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


APP = verb("delete", topic_delete, "tidemill topic delete orders --yes")
