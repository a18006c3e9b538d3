"""`tidemill connector delete`."""

from __future__ import annotations

from tidemill.cli.connector_view import Url
from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def connector_delete(name: str, /, *, url: Url = None, common: Common = COMMON) -> None:
    """Delete a connector.

    Its topics stay, and so do the replication slot and the publication in Postgres.

    Args:
        name: the connector.
        url: another Kafka Connect.
        common: the options of every verb.
    """
    from tidemill.control.connectors import (  # noqa: PLC0415 - loaded when called
        Connect,
        delete,
    )

    delete(Connect(common.project, url), name)
    if common.json:
        data_json({"name": name, "deleted": True})
    else:
        say(f"Deleted {name}.")


APP = verb("delete", connector_delete, "tidemill connector delete orders-cdc")
