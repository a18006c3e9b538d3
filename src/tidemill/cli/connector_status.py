"""`tidemill connector status`."""

from __future__ import annotations

from tidemill.cli.connector_view import Url, show
from tidemill.cli.verb import COMMON, Common, verb


def connector_status(name: str, /, *, url: Url = None, common: Common = COMMON) -> None:
    """Show a connector's state and its trace.

    Args:
        name: the connector.
        url: another Kafka Connect.
        common: the options of every verb.
    """
    from tidemill.control.connectors import (  # noqa: PLC0415 - loaded when called
        Connect,
        status,
    )

    show(status(Connect(common.project, url), name), as_json=common.json)


APP = verb("status", connector_status, "tidemill connector status orders-cdc")
