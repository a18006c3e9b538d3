"""What botocore raises, as our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from tidemill.errors import StoreError, Where

_RETRIED = ("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling")


@contextmanager
def translated(url: str, key: str, condition: str = "store.condition-failed") -> Iterator[None]:
    """Turn botocore's errors into ours; `condition` is what a 412 means here."""
    try:
        yield
    except ClientError as error:
        raise _refused(error, f"{url}/{key}", condition) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StoreError(
            f"no keys are known for `{url}`",
            code="store.login-refused",
            where=Where(file=f"{url}/{key}"),
            hint="Name them in a connection of tidemill.yaml (access-key and secret-key), or "
            "where AWS's own tools look for them.",
        ) from error
    except ParamValidationError as error:
        raise StoreError(
            f"`{key}` cannot be a key in {url}: {str(error).splitlines()[-1]}",
            code="store.key-refused",
            where=Where(file=f"{url}/{key}"),
        ) from error
    except (HTTPClientError, BotoCoreError) as error:
        raise StoreError(
            f"`{url}` did not answer: {error}",
            code="store.unreachable",
            where=Where(file=f"{url}/{key}"),
            hint="Is the endpoint right, and the store up? The project's own one starts with "
            "`tidemill up s3`.",
            retryable=True,
        ) from error


def code_of(error: ClientError) -> str:
    """The code of an answer, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of an answer; 0 where there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _refused(error: ClientError, place: str, condition: str) -> StoreError:
    code, status = code_of(error), status_of(error)
    said = error.response.get("Error", {}).get("Message") or code
    meaning, hint, retryable = "store.refused", None, False
    if code == "NoSuchBucket":
        meaning, hint = "store.bucket-missing", "Make it, or mend the name in the address."
    elif code == "NoSuchUpload":
        meaning = "store.no-upload"
    elif status == 404:
        meaning = "store.missing"
    elif status in (412, 409) and code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
        # 409: AWS's answer to a writer that loses the race while it sends.
        meaning = condition
    elif status in (401, 403):
        meaning, hint = "store.login-refused", "Look at the keys, and at what they may do."
    elif status == 400 and code in ("InvalidURI", "InvalidRequest", "KeyTooLongError"):
        meaning = "store.key-refused"
    elif status >= 500 or code.startswith(_RETRIED):
        meaning, retryable = "store.unreachable", True
        hint = "The store is too busy or broken; it was asked several times. Try again later."
    return StoreError(
        f"the store refused `{place}`: {said}",
        code=meaning,
        where=Where(file=place),
        detail=None if code in said else f"It answered {status} {code}.",
        hint=hint,
        retryable=retryable,
    )
