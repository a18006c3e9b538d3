"""Fetching one server file: with retries, checked by size and SHA-256, renamed into place.

Guarantee: a file stands under its final name only after its sum was right. A broken connection, a
server error and a wrong sum are tried again; a file that the repository does not have is not.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path

import certifi

from tidemill.errors import ServiceError, Where
from tidemill.services.artifacts import Artifact
from tidemill.services.repository import VARIABLE

ATTEMPTS = 4
CHUNK_BYTES = 256 * 1024
TIMEOUT_S = 30


class _WrongContentError(Exception):
    """What came is not what was asked for."""


def download(
    artifact: Artifact, base_url: str, target: Path, progress: Callable[[int], None]
) -> None:
    """Fetch `artifact` to `target`.

    `progress` is called with the bytes that came in, and with a negative count where they must be
    fetched again.
    """
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.4 * 2**attempt)
        try:
            _attempt(artifact, f"{base_url}/{artifact.path}", target, progress)
            return
        except urllib.error.HTTPError as error:
            error.close()
            last = error
            if error.code in (401, 403, 404, 410):
                break
        except _WrongContentError as error:
            last = error
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
            last = error
        except TimeoutError as error:
            last = error
        except OSError as error:
            raise _local_error(artifact, target, error) from error
    raise _failure(artifact, last) from last


def _attempt(artifact: Artifact, url: str, target: Path, progress: Callable[[int], None]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    got = 0
    digest = hashlib.sha256()
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "tidemill"})  # noqa: S310
        with (
            _opener().open(request, timeout=TIMEOUT_S) as response,
            part.open("wb") as file,
        ):
            while chunk := response.read(CHUNK_BYTES):
                got += len(chunk)
                progress(len(chunk))
                digest.update(chunk)
                file.write(chunk)
                if got > artifact.bytes:
                    break
        if got != artifact.bytes:
            raise _WrongContentError(f"{got} bytes came, {artifact.bytes} were expected")
        if digest.hexdigest() != artifact.sha256:
            raise _WrongContentError(f"its SHA-256 is {digest.hexdigest()}, not {artifact.sha256}")
        part.replace(target)
    except BaseException:
        progress(-got)
        part.unlink(missing_ok=True)
        raise


@cache
def _opener() -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    # The system's certificates where there are some, and certifi's for machines without any.
    context.load_verify_locations(certifi.where())
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))


def _failure(artifact: Artifact, error: Exception | None) -> ServiceError:
    where = Where(file=artifact.coordinates)
    if isinstance(error, _WrongContentError):
        return ServiceError(
            f"the download of `{artifact.name}` is not the file that servers.lock names",
            code="service.checksum-mismatch",
            where=where,
            detail=f"After {ATTEMPTS} attempts: {error}. Nothing of it was kept.",
            hint=f"A proxy or the mirror alters files: try another one through {VARIABLE}.",
        )
    reason = getattr(error, "reason", None) or error
    code = f"HTTP {error.code}, " if isinstance(error, urllib.error.HTTPError) else ""
    return ServiceError(
        f"`{artifact.name}` could not be downloaded: {code}{reason}",
        code="service.download-failed",
        where=where,
        hint=f"Check the network, or name a reachable Maven repository in {VARIABLE}. "
        "Files that have come already are kept.",
    )


def _local_error(artifact: Artifact, target: Path, error: OSError) -> ServiceError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ServiceError(
            f"no room left to download `{artifact.name}` ({artifact.bytes:,} bytes)",
            code="service.disk-full",
            where=Where(file=str(target.parent)),
            hint="Free some room, or set TIDEMILL_CACHE to a folder on another disk.",
        )
    return ServiceError(
        f"`{artifact.name}` cannot be stored: {error.strerror or error}",
        code="service.cache-unusable",
        where=Where(file=str(target.parent)),
        hint="Set TIDEMILL_CACHE to a folder that you may write to.",
    )
