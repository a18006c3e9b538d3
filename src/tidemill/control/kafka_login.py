"""The login of the project's own Kafka, where that asks for one (`auth: true`).

Tables that name its address get the login by themselves, here and on Flink, so that a file says
nothing of it; a table that names a `properties.security.protocol` is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.errors import ProjectError
from tidemill.project import Resolver, Secret, find_references
from tidemill.services.kafka_login import client_login

_PREFIX = "properties."


def with_kafka_login(options: Mapping[str, str], resolver: Resolver) -> Mapping[str, str]:
    """A table's options with the login; those of other tables and brokers as they are."""
    address = options.get(f"{_PREFIX}bootstrap.servers")
    if options.get("connector") not in ("kafka", "upsert-kafka") or address is None:
        return options
    if f"{_PREFIX}security.protocol" in options:
        return options
    login = kafka_login(resolver, address)
    return {**options, **{_PREFIX + key: value for key, value in login.items()}}


def kafka_login(resolver: Resolver, address: str) -> Mapping[str, str]:
    """The properties of a client, where `address` is that of the project's own broker."""
    if "kafka" in resolver.project.settings.connections:
        return {}
    try:
        if "password" not in resolver.members("kafka", secret=True):
            return {}
        own, password = (
            resolver.value(find_references(text, "tidemill")[0])
            for text in ("${server:kafka.bootstrap}", "${secret:kafka.password}")
        )
    except ProjectError:
        return {}
    if own != address or not isinstance(password, Secret):
        return {}
    return client_login(password.reveal())
