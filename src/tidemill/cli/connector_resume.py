"""`tidemill connector resume`."""

from __future__ import annotations

from tidemill.cli.connector_view import Url, done
from tidemill.cli.verb import COMMON, Common, verb


def connector_resume(name: str, /, *, url: Url = None, common: Common = COMMON) -> None:
    """Resume a paused connector.

    Ends when its tasks run again.

    Args:
        name: the connector.
        url: another Kafka Connect.
        common: the options of every verb.
    """
    from tidemill.control.connectors import (  # noqa: PLC0415 - loaded when called
        Connect,
        resume,
    )

    done(resume(Connect(common.project, url), name), "Resumed", as_json=common.json)


APP = verb("resume", connector_resume, "tidemill connector resume orders-cdc")
