"""`tidemill connector list`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.connector_view import Url
from tidemill.cli.output import data_json, say, table
from tidemill.cli.verb import COMMON, Common, verb


def connector_list(*, url: Url = None, common: Common = COMMON) -> None:
    """List the connectors and their states.

    Args:
        url: another Kafka Connect.
        common: the options of every verb.
    """
    from tidemill.control.connectors import (  # noqa: PLC0415 - loaded when called
        Connect,
        list_connectors,
    )

    found = list_connectors(Connect(common.project, url))
    if common.json:
        data_json([asdict(status) for status in found])
    elif found:
        rows = [
            (s.name, s.type, s.state, " ".join(task.state for task in s.tasks) or "none")
            for s in found
        ]
        table(("connector", "type", "state", "tasks"), rows)
    else:
        say("There is no connector.")


APP = verb("list", connector_list, "tidemill connector list")
