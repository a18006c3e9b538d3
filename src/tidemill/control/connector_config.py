"""A connector's configuration, shown without its secrets, and changed after Connect's validation.

A value counts as secret by its name (password, secret, token, key, credential, ...), and so does
the password in an address. What is sent back masked keeps the value that it has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidemill.control.connectors import Connect, put
from tidemill.errors import UserError, Where
from tidemill.project import MASK, Secret

_SECRET = re.compile(r"passw|secret|token|credential|private|sasl\.jaas|api[._-]?key|\.key$", re.I)
_IN_URL = re.compile(r"(?<=://)([^/@\s:]+):([^/@\s]+)@")


def is_secret(name: str) -> bool:
    """Whether an option of this name holds a secret."""
    return _SECRET.search(name) is not None


def masked_config(connect: Connect, name: str) -> dict[str, str]:
    """The configuration with its secrets masked, sorted by name."""
    found = connect.client().config(name)
    return {key: _masked(key, value) for key, value in sorted(found.items())}


def validate_config(connect: Connect, name: str, config: Mapping[str, str]) -> list[dict[str, str]]:
    """What Connect says against it; empty where it may be used."""
    client = connect.client()
    now = client.config(name)
    client.hide(value for key, value in now.items() if is_secret(key))
    wanted = _unmasked(config, now)
    return [{"option": option, "reason": reason} for option, reason in client.validate(wanted)]


def update_config(connect: Connect, name: str, config: Mapping[str, str]) -> None:
    """Give the connector this configuration; raises UserError with what Connect says against it."""
    errors = validate_config(connect, name, config)
    if errors:
        raise UserError(
            f"Kafka Connect refuses the configuration of {name}",
            code="control.connect-refused",
            where=Where(server="connect"),
            detail="\n".join(f"{error['option']}: {error['reason']}" for error in errors),
        )
    client = connect.client()
    now = client.config(name)
    client.hide(value for key, value in now.items() if is_secret(key))
    put(connect, client, name, _as_secrets(_unmasked(config, now)))


def _masked(key: str, value: str) -> str:
    if is_secret(key):
        return MASK
    return _IN_URL.sub(rf"\1:{MASK}@", value)


def _as_secrets(config: Mapping[str, str]) -> Mapping[str, str | Secret]:
    """The configuration, what is secret marked as such; references that are there stay."""
    return {
        key: Secret(value) if is_secret(key) and "${" not in value else value
        for key, value in config.items()
    }


def _unmasked(config: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    return {
        key: now[key] if key in now and value == _masked(key, now[key]) else value
        for key, value in config.items()
    }
