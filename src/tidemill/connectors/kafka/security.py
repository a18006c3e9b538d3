"""How a client proves who it is to Kafka, and how it knows the broker: the properties' rules.

Transport: `PLAINTEXT`, `SSL` (with a client certificate: mutual TLS), `SASL_PLAINTEXT`,
`SASL_SSL`. Login: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER by client credentials (OIDC).
Certificates and keys are PEM texts, never files. What is incomplete is refused here, before
anything is opened: a client that lacks a password must not try without one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from tidemill.errors import ProjectError

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")

SECURITY = frozenset(
    [
        "security.protocol",
        "sasl.mechanisms",
        "sasl.username",
        "sasl.password",
        "sasl.oauthbearer.method",
        "sasl.oauthbearer.client.id",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.scope",
        "sasl.oauthbearer.extensions",
        "sasl.oauthbearer.token.endpoint.url",
        "https.ca.pem",
        "ssl.ca.pem",
        "ssl.certificate.pem",
        "ssl.key.pem",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
    ]
)
"""Librdkafka's properties of security that are taken."""

SECURITY_JAVA = {
    "sasl.mechanism": "sasl.mechanisms",
    "sasl.oauthbearer.client.credentials.client.id": "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.secret": "sasl.oauthbearer.client.secret",
    "ssl.truststore.certificates": "ssl.ca.pem",
    "ssl.keystore.certificate.chain": "ssl.certificate.pem",
    "ssl.keystore.key": "ssl.key.pem",
    "ssl.truststore.type": "",
    "ssl.keystore.type": "",
}
"""Java's names for the same; without a name here: checked, and not needed by librdkafka."""

_URL = "sasl.oauthbearer.token.endpoint.url"
_LOGIN = ("sasl.username", "sasl.password")
_OAUTH = ("sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret", _URL)


def checked_security(properties: Mapping[str, str], table: str) -> None:
    """Refuse what is not known or not complete; references not resolved yet count as given."""
    for key in ("ssl.truststore.type", "ssl.keystore.type"):
        if properties.get(key, "PEM").upper() != "PEM":
            raise _wrong(table, key, "only PEM texts are taken, no stores in files", "Set PEM.")
    protocol = properties.get("security.protocol", "PLAINTEXT").upper()
    if "${" not in protocol and protocol not in PROTOCOLS:
        raise _wrong(table, "security.protocol", f"`{protocol}` is none", _one_of(PROTOCOLS))
    if properties.get("ssl.endpoint.identification.algorithm", "https") not in ("https", "none"):
        raise _wrong(
            table, "ssl.endpoint.identification.algorithm", "it is unknown", "Set https, or none."
        )
    sasl = sorted(key for key in properties if key.startswith("sasl."))
    if protocol in ("PLAINTEXT", "SSL") and sasl:
        raise _wrong(
            table, sasl[0], f"it would not be used with security.protocol {protocol}",
            "Set 'properties.security.protocol' = 'SASL_SSL'.",
        )  # fmt: skip
    if protocol == "PLAINTEXT" and any(key.startswith("ssl.") for key in properties):
        key = next(key for key in sorted(properties) if key.startswith("ssl."))
        raise _wrong(
            table, key, "it would not be used with security.protocol PLAINTEXT",
            "Set 'properties.security.protocol' = 'SSL' or 'SASL_SSL'.",
        )  # fmt: skip
    _pair(properties, table, "ssl.certificate.pem", "ssl.key.pem")
    if protocol.startswith("SASL"):
        _check_login(properties, table)


def _check_login(properties: Mapping[str, str], table: str) -> None:
    mechanism = properties.get("sasl.mechanisms", "")
    if "${" in mechanism:
        return
    if mechanism not in MECHANISMS:
        what = f"`{mechanism}` is not supported" if mechanism else "it is missing"
        raise _wrong(table, "sasl.mechanism", what, _one_of(MECHANISMS))
    oauth = mechanism == "OAUTHBEARER"
    for key in _OAUTH if oauth else _LOGIN:
        if not properties.get(key):
            raise _wrong(table, key, f"{mechanism} needs it", "Secrets go by reference: ${...}.")
    if oauth:
        if properties.get("sasl.oauthbearer.method", "oidc").lower() != "oidc":
            raise _wrong(
                table, "sasl.oauthbearer.method", "tokens come from a token endpoint only",
                "Set oidc.",
            )  # fmt: skip
        _check_url(properties[_URL], table)


def _check_url(url: str, table: str) -> None:
    """HTTPS, or HTTP on this machine; no file, no login in it, no address of a cloud's inside."""
    if "${" in url:
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise _wrong(table, _URL, "it is no address", "Write https://host/path.") from None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    if (
        not host
        or parts.scheme not in ("https", "http")
        or (parts.scheme == "http" and not loopback)
    ):
        raise _wrong(
            table, _URL, "it must be an https:// address (http:// on this machine only)",
            "Write https://host/path.",
        )  # fmt: skip
    if parts.username or parts.password:
        raise _wrong(table, _URL, "it may not hold a login", "Use sasl.oauthbearer.client.*.")
    if address is not None and (address.is_link_local or address.is_unspecified):
        raise _wrong(table, _URL, f"{host} is no server's address", "Name the server.")


def _pair(properties: Mapping[str, str], table: str, one: str, other: str) -> None:
    for key, missing in ((one, other), (other, one)):
        if properties.get(key) and not properties.get(missing):
            raise _wrong(table, missing, f"`properties.{key}` needs it", "Give both.")


def _one_of(names: tuple[str, ...]) -> str:
    return f"Known are {', '.join(names)}."


def _wrong(table: str, key: str, what: str, hint: str) -> ProjectError:
    return ProjectError(
        f"table `{table}`, `properties.{key}`: {what}", code="connector.bad-option", hint=hint
    )
