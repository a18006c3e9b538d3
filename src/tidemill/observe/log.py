"""Structured logs: one JSON object per line (see `ecs`), in a file that only its owner may read.

Guarantees: a value given to `hide_secret` is written as `******`, wherever in a message it stands.
A full disk never stops the program that logs. Files are rotated: at most five of ten megabytes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import os
from collections.abc import Sequence
from pathlib import Path

from tidemill.observe.ecs import Context, EcsLines
from tidemill.records import dataclass

MASK = "******"
_SECRETS: set[str] = set()
_BYTES_MAX, _FILES = 10 << 20, 4


def hide_secret(value: str) -> None:
    """Mask this value in all logs from now on."""
    if value:
        # A line is JSON: there a secret with a quote or a backslash stands escaped.
        _SECRETS.update(
            (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
        )


def forget_secrets() -> None:
    """Mask nothing any more (for tests)."""
    _SECRETS.clear()


def masked(text: str) -> str:
    """The text with all hidden secrets masked."""
    for secret in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


class _Private(logging.handlers.RotatingFileHandler):
    def _open(self) -> object:  # type: ignore[override]
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")

    def close(self) -> None:
        """Close the file; what a full disk did not take of the log is given up."""
        with contextlib.suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Drop the record: a log that cannot be written must not stop a pipeline."""


@dataclass(frozen=True)
class LogFile:
    """An open log; `close` ends it."""

    path: Path
    handlers: tuple[logging.Handler, ...]

    def close(self) -> None:
        """Stop logging into the file, and to what was added."""
        for handler in self.handlers:
            logging.getLogger("tidemill").removeHandler(handler)
            handler.close()


def open_log(
    folder: Path,
    name: str,
    level: int = logging.INFO,
    *,
    context: Context | None = None,
    more: Sequence[logging.Handler] = (),
) -> LogFile:
    """Log everything under the logger `tidemill` into `<folder>/<name>.jsonl`.

    `context` gives values for every line; `more` are handlers that get the same lines.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    handler = _Private(path, maxBytes=_BYTES_MAX, backupCount=_FILES, delay=True, encoding="utf-8")
    logger = logging.getLogger("tidemill")
    logger.setLevel(level)
    logger.propagate = False
    for one in (handler, *more):
        one.setFormatter(EcsLines(name, masked, context))
        logger.addHandler(one)
    return LogFile(path, (handler, *more))
