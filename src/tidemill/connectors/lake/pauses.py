"""How long a writer waits after another one committed first."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from tidemill.errors import ConnectorError, Where

_TRIES = 40
_PAUSE_S_MAX = 2.0


def pauses_s() -> Iterator[float]:
    """How long to wait after each failed try, with chance in it so that writers do not meet."""
    pause = 0.01
    for _ in range(_TRIES):
        yield pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads writers, guards nothing
        pause = min(_PAUSE_S_MAX, pause * 1.6)


def rests() -> Iterator[None]:
    """As often as it is worth another try; each but the first comes after a pause."""
    yield
    for pause in pauses_s():
        time.sleep(pause)
        yield


def busy(shown: str, table: str) -> ConnectorError:
    """The error where others committed first, again and again."""
    return ConnectorError(
        f"other writers of {shown} committed first, however often it was tried",
        code="connector.store-error",
        where=Where(table=table, server=shown),
        retryable=True,
        hint="Let fewer processes write to the table, or let them commit less often.",
    )
