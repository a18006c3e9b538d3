"""What Spark's exceptions are for a person: the cause's first line, and the part of the query."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.errors import ComponentError, Where

_PREFIX = re.compile(r"^(?:[a-z]\w*\.)+(\w+(?:Exception|Error)):?\s*")
_FRAME = re.compile(r"^(\s.*|Traceback .*|)$")
_STATE = re.compile(r"\s*SQLSTATE: \w+$")


def spark_failed(error: Mapping[str, Any], pipeline: str, log: str | None = None) -> ComponentError:
    """The error of a job; `error` is what the driver says of the exception."""
    causes = [_clean(cause) for cause in error.get("causes", ())]
    message = _clean(str(error.get("message", "")))
    cause = causes[-1] if causes and causes[-1] else message
    fragment = next(iter(error.get("fragment") or ()), None)
    return ComponentError(
        f"spark's job failed: {cause}",
        code="runner.spark-failed",
        where=Where(pipeline=pipeline, operator=fragment, file=log),
        detail=message if message != cause else None,
        hint="Mend it and run again."
        + (" The whole log of Spark is in the file above." if log else ""),
    )


def _clean(text: str) -> str:
    text = text.removeprefix("Caused by:").strip()
    return _STATE.sub("", _PREFIX.sub("", text)).strip()


def last_words(log: Path, code: int) -> str:
    """Why a process that left no report ended: by a signal, or the last line that is no frame."""
    if code < 0:
        name = signal.Signals(-code).name
        memory = "; the machine may be short of memory" if code == -signal.SIGKILL else ""
        return f"the process was ended by {name}{memory}"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    words = (line.strip() for line in reversed(lines) if not _FRAME.match(line))
    return next(words, "it ended without a word")
