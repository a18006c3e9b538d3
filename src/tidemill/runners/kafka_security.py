"""The properties of a Kafka table's security, as Java's client takes them on Flink and on Spark.

Tables name librdkafka's properties or Java's for PEM texts; the login, which Java's client takes as
a JAAS line only, is made here. Values may hold `${...}`: they are kept as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "properties."
_NAMES = {
    "sasl.mechanisms": "sasl.mechanism",
    "ssl.ca.pem": "ssl.truststore.certificates",
    "ssl.certificate.pem": "ssl.keystore.certificate.chain",
    "ssl.key.pem": "ssl.keystore.key",
    "sasl.oauthbearer.client.credentials.client.id": "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.secret": "sasl.oauthbearer.client.secret",
}
_MODULES = {
    "PLAIN": "plain.PlainLoginModule",
    "SCRAM-SHA-256": "scram.ScramLoginModule",
    "SCRAM-SHA-512": "scram.ScramLoginModule",
    "OAUTHBEARER": "oauthbearer.OAuthBearerLoginModule",
}
_LOGIN = {"sasl.username": "username", "sasl.password": "password"}
_OAUTH = {
    "sasl.oauthbearer.client.id": "clientId",
    "sasl.oauthbearer.client.secret": "clientSecret",
    "sasl.oauthbearer.scope": "scope",
}
_NOT_JAVAS = ("sasl.oauthbearer.method", "https.ca.pem", "sasl.oauthbearer.extensions")
KAFKA = "org.apache.kafka"
SHADED = "org.apache.flink.kafka.shaded.org.apache.kafka"
"""The package of Kafka's client, and where Flink's SQL connector has it."""


def java_security(options: Mapping[str, str], package: str) -> dict[str, str]:
    """The table's options, those of Kafka's security under Java's names; idempotent.

    Args:
        options: a table's, `properties.*` among them.
        package: where the client's classes are: `KAFKA` or `SHADED`.
    """
    given: dict[str, str] = {}
    for key, value in options.items():
        name = key.removeprefix(PREFIX)
        given[PREFIX + _NAMES.get(name, name) if name != key else key] = value
    mechanism = given.get(PREFIX + "sasl.mechanism")
    if mechanism in _MODULES and PREFIX + "sasl.jaas.config" not in given:
        names = _OAUTH if mechanism == "OAUTHBEARER" else _LOGIN
        login = {to: given[PREFIX + key] for key, to in names.items() if given.get(PREFIX + key)}
        given[PREFIX + "sasl.jaas.config"] = _jaas(f"{package}.common.security", mechanism, login)
    if mechanism == "OAUTHBEARER":
        given[PREFIX + "sasl.login.callback.handler.class"] = (
            f"{package}.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"
        )
    for store, content in (("truststore", "certificates"), ("keystore", "key")):
        if PREFIX + f"ssl.{store}.{content}" in given:
            given.setdefault(PREFIX + f"ssl.{store}.type", "PEM")
    unwanted = {PREFIX + key for key in (*_LOGIN, *_OAUTH, *_NOT_JAVAS)}
    if given.get(PREFIX + "ssl.endpoint.identification.algorithm") == "none":
        given[PREFIX + "ssl.endpoint.identification.algorithm"] = ""
    return {key: value for key, value in given.items() if key not in unwanted}


def _jaas(package: str, mechanism: str, login: Mapping[str, str]) -> str:
    """One line of JAAS; a quote or a backslash in a value cannot end it."""
    parts = []
    for key, value in login.items():
        inner = value.replace("\\", "\\\\").replace('"', '\\"')
        parts.append(f'{key}="{inner}"')
    return f"{package}.{_MODULES[mechanism]} required {' '.join(parts)};"
