"""The login of the broker, as clients name it; light, as every pipeline asks for it."""

from __future__ import annotations

from tidemill.services.credentials import USER


def client_login(password: str) -> dict[str, str]:
    """The login of this broker, as librdkafka and the connector `kafka` name it."""
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": USER,
        "sasl.password": password,
    }
