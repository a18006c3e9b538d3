"""`tidemill connector pause`."""

from __future__ import annotations

from tidemill.cli.connector_view import Url, done
from tidemill.cli.verb import COMMON, Common, verb


def connector_pause(name: str, /, *, url: Url = None, common: Common = COMMON) -> None:
    """Pause a connector.

    Its tasks stop reading and keep their place; ends when they stand.

    Args:
        name: the connector.
        url: another Kafka Connect.
        common: the options of every verb.
    """
    from tidemill.control.connectors import (  # noqa: PLC0415 - loaded when called
        Connect,
        pause,
    )

    done(pause(Connect(common.project, url), name), "Paused", as_json=common.json)


APP = verb("pause", connector_pause, "tidemill connector pause orders-cdc")
