"""`tidemill connector restart`."""

from __future__ import annotations

from tidemill.cli.connector_view import Url, done
from tidemill.cli.verb import COMMON, Common, verb


def connector_restart(name: str, /, *, url: Url = None, common: Common = COMMON) -> None:
    """Restart a connector and its tasks.

    Ends when its tasks run; where one fails, shows why.

    Args:
        name: the connector.
        url: another Kafka Connect.
        common: the options of every verb.
    """
    from tidemill.control.connectors import (  # noqa: PLC0415 - loaded when called
        Connect,
        restart,
    )

    done(restart(Connect(common.project, url), name), "Restarted", as_json=common.json)


APP = verb("restart", connector_restart, "tidemill connector restart orders-cdc")
