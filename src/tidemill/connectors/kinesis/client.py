"""The client of Kinesis, and what its errors mean to the engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tidemill.connectors.kinesis.options import KinesisOptions
from tidemill.errors import ConnectorError, Where

THROTTLED = (
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "InternalFailure",
    "ServiceUnavailable",
)
EXPIRED = "ExpiredIteratorException"
_LOGIN = (
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
)


def make_client(options: KinesisOptions) -> Any:
    """A client of the table's region and endpoint; the extra `kinesis` must be installed."""
    try:
        import boto3  # noqa: PLC0415 - an extra
        from botocore.config import Config  # noqa: PLC0415
    except ImportError as error:
        raise ConnectorError(
            "the kinesis connector needs the package boto3",
            code="connector.store-error",
            hint="Install it: pip install 'tidemill[kinesis]'",
        ) from error
    values, login = options.values, {}
    if values["aws.credentials.provider"] == "BASIC":
        login = {
            "aws_access_key_id": values["aws.credentials.basic.accesskeyid"],
            "aws_secret_access_key": values["aws.credentials.basic.secretkey"],
        }
    with translated(options):
        session = boto3.Session(profile_name=values["aws.credentials.profile.name"], **login)
        return session.client(
            "kinesis",
            region_name=options.region,
            endpoint_url=values["aws.endpoint"],
            config=Config(
                retries={"mode": "standard", "max_attempts": 3},
                connect_timeout=5, read_timeout=30,
            ),
        )  # fmt: skip


def code_of(error: Exception) -> str:
    """The name that Kinesis gives to an error; empty where nobody answered."""
    response = getattr(error, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) else ""


@contextlib.contextmanager
def translated(options: KinesisOptions) -> Iterator[None]:
    """Turn every error of the client inside into a ConnectorError."""
    from botocore.exceptions import (  # noqa: PLC0415 - an extra
        BotoCoreError,
        ClientError,
        HTTPClientError,
    )

    try:
        yield
    except (ClientError, BotoCoreError, HTTPClientError) as error:
        raise _translate(error, options) from error


def _translate(error: Exception, options: KinesisOptions) -> ConnectorError:
    code = code_of(error)
    where = Where(server=options.shown, table=options.table.name)
    if code in _LOGIN or "credentials" in type(error).__name__.lower():
        return ConnectorError(
            f"{options.shown} refuses the login",
            code="connector.login-refused", where=where, detail=str(error),
            hint="Check 'aws.credentials.*', and the rights of the key.",
        )  # fmt: skip
    if code == "ResourceNotFoundException":
        return ConnectorError(
            f"there is no stream `{options.stream}` in {options.region}",
            code="connector.table-missing", where=where, detail=str(error),
            hint="Create it, or mend 'stream.arn'.",
        )  # fmt: skip
    if code in THROTTLED or not code:
        return ConnectorError(
            f"{options.shown} cannot be reached, or is too busy",
            code="connector.unreachable", where=where, detail=str(error), retryable=True,
        )  # fmt: skip
    if code == "InvalidArgumentException" and "equence" in str(error):
        return ConnectorError(
            f"a stored position does not belong to {options.shown}",
            code="connector.bad-position", where=where, detail=str(error),
            hint="Give the pipeline another name, so that it starts anew.",
        )  # fmt: skip
    return ConnectorError(
        f"{options.shown} refused a call", code="connector.store-error", where=where,
        detail=str(error),
    )  # fmt: skip
