"""`tidemill connector register`."""

from __future__ import annotations

from pathlib import Path

from tidemill.cli.connector_view import Url, done
from tidemill.cli.verb import COMMON, Common, verb


def connector_register(
    file: Path,
    /,
    *,
    name: str | None = None,
    timeout_s: float = 60.0,
    url: Url = None,
    common: Common = COMMON,
) -> None:
    """Register a connector and wait for it.

    Takes a JSON file as Kafka Connect's REST API does. References such as ${server:postgres.host}
    and ${secret:postgres.password} are resolved on the way; secrets are never printed. A connector
    of the same name gets the new configuration. Ends when its tasks run; where one fails, shows
    why.

    Args:
        file: the JSON file.
        name: the connector's name; by default the one in the file, or the file's name.
        timeout_s: how long to wait, in seconds.
        url: another Kafka Connect.
        common: the options of every verb.
    """
    from tidemill.control.connectors import (  # noqa: PLC0415 - loaded when called
        Connect,
        register,
    )

    status = register(Connect(common.project, url), file, name=name, timeout_s=timeout_s)
    done(status, "Registered", as_json=common.json)


APP = verb("register", connector_register, "tidemill connector register connectors/orders-cdc.json")
