"""Memory that the machine did not give: the error for it, whichever library met it first."""

from __future__ import annotations

import errno

import duckdb

from tidemill.errors import EngineError

_THREAD = "can't start new thread"
"""Python's words where there is no memory for a thread's stack."""


def out_of_memory(error: BaseException) -> EngineError | None:
    """The error to end with where an exception, or one behind it, is of memory; else None."""
    seen: BaseException | None = error
    while seen is not None:
        if _is_of_memory(seen):
            return EngineError(
                "the machine gave no more memory",
                code="engine.out-of-memory",
                detail=f"{type(seen).__name__}: {str(seen)[:200]} Nothing is lost: the next run "
                "goes on from the last epoch.",
                hint="Give the process more (ulimit -v, the container's limit), or let state go to "
                "files earlier (SET 'tidemill.state.memory').",
            )
        seen = seen.__cause__
    return None


def _is_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and _THREAD in str(error)
