"""Whether a cluster lets us in, asked once before a client is made for it.

Librdkafka tells a refused login or certificate to its callback only, and goes on trying: a caller
would wait for its whole timeout and hear that nobody answers. So the first client of a secured
cluster listens for it. A login that was let in is not asked for again by this process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from tidemill.connectors.kafka.security import SECURITY
from tidemill.errors import ConnectorError

TIMEOUT_S = 15.0
_QUIET = logging.getLogger("tidemill.kafka")
_SLICE_S = 0.5
_REFUSALS = (
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._SSL,
)
_let_in: set[tuple[tuple[str, str], ...]] = set()


def check_login(config: Mapping[str, Any]) -> None:
    """Raise ConnectorError `connector.login-refused` where the cluster refuses us, or we it.

    Where nobody answers, nothing is said: the call that follows meets it.
    """
    if str(config.get("security.protocol", "plaintext")).upper() == "PLAINTEXT":
        return
    login = {
        key: str(value)
        for key, value in config.items()
        if key in SECURITY or key == "bootstrap.servers"
    }
    mark = tuple(sorted(login.items()))
    if mark in _let_in:
        return
    refusals: list[str] = []

    def heard(error: KafkaError) -> None:
        # The broker's refusal of our certificate comes as the end of a connection.
        alert = error.code() == KafkaError._TRANSPORT and "tls alert" in error.str()
        if alert or error.code() in _REFUSALS:
            refusals.append(error.str())

    listening: dict[str, Any] = {
        **login,
        "socket.connection.setup.timeout.ms": 5000,
        "log_level": 0,
        "error_cb": heard,
    }
    try:
        client = AdminClient(listening, logger=_QUIET)
    except (KafkaException, ValueError):
        return  # `create` says what is wrong with the properties
    limit = time.monotonic() + TIMEOUT_S
    while time.monotonic() < limit:
        try:
            client.list_topics(timeout=_SLICE_S)
        except KafkaException:
            client.poll(0)
            if refusals:
                raise _refused(login, refusals[-1]) from None
        else:
            _let_in.add(mark)
            return


def _refused(login: Mapping[str, str], said: str) -> ConnectorError:
    return ConnectorError(
        f"Kafka at {login['bootstrap.servers']} and this client do not let each other in",
        code="connector.login-refused",
        detail=said.partition(": ")[2] or said,
        hint="Check the user and the password or token, the certificates, and the host's name in "
        "the broker's certificate.",
    )
