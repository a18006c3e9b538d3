"""The connections to an S3 store: signed, tried again, and not to addresses that are refused."""

from __future__ import annotations

import contextlib
import socket
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

from tidemill.interfaces.addresses import refuse_address
from tidemill.stores.options import S3Options

CONNECTIONS = 32
TIMEOUT_S = 30


def _refuse_endpoint(endpoint: str) -> None:
    """Look where an endpoint's name leads; one that leads nowhere is told when it is asked."""
    host = urlsplit(endpoint).hostname or ""
    with contextlib.suppress(OSError):
        for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            refuse_address(host, str(found[4][0]))


def make_client(options: S3Options, attempts: int) -> Any:
    """A client of botocore; one of our own machine goes through no proxy."""
    config: dict[str, Any] = {
        "retries": {"mode": "standard", "max_attempts": attempts},
        "max_pool_connections": CONNECTIONS,
        "connect_timeout": TIMEOUT_S,
        "read_timeout": TIMEOUT_S,
        "s3": {"addressing_style": "path" if options.path_style else "auto"},
        "signature_version": "s3v4",
        # Trailing checksums are AWS's own; other stores refuse or store them as content.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    if options.is_loopback:
        config["proxies"] = {}
    elif options.endpoint:
        _refuse_endpoint(options.endpoint)
    return botocore.session.Session().create_client(
        "s3",
        endpoint_url=options.endpoint,
        region_name=options.region or ("us-east-1" if options.endpoint else None),
        aws_access_key_id=options.access_key,
        aws_secret_access_key=options.secret_key,
        aws_session_token=options.session_token,
        config=Config(**config),
    )
