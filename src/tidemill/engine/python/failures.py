"""What is known about a row for which a user's function failed."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tidemill.engine.isolate import BadRow
from tidemill.engine.python.values import ResultError
from tidemill.interfaces.python_function import PythonFunction
from tidemill.records import dataclass

FAILED = "engine.function-failed"
WRONG_RESULT = "engine.wrong-result"

_REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call: the row's index, a declared code, and why."""

    index: int
    code: str
    message: str

    def bad_row(self, index: int) -> BadRow:
        """The bad row at another index."""
        return BadRow(index, self.code, self.message)


def failure(function: PythonFunction, index: int, error: BaseException) -> Failure:
    """The failure that an exception is, with the file and line where it was raised."""
    if isinstance(error, ResultError):
        loaded = function.loaded
        return Failure(
            index, WRONG_RESULT,
            f"the function {function.name} ({loaded.file}:{loaded.line}) has a wrong result: "
            f"{error}",
        )  # fmt: skip
    said = str(error)
    reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if len(reason) > _REASON_MAX:
        reason = reason[:_REASON_MAX] + "..."
    return Failure(
        index, FAILED, f"the function {function.name} failed: {reason} ({_place(function, error)})"
    )


def _place(function: PythonFunction, error: BaseException) -> str:
    """The innermost place in the user's own files; else where the function begins."""
    loaded = function.loaded
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(loaded.root) and "site-packages" not in path.parts:
            return f"{path.relative_to(loaded.root)}:{frame.lineno}, in {frame.name}"
    return f"{loaded.file}:{loaded.line}"


def call_rows(
    function: PythonFunction, call: Callable[..., Any], columns: Sequence[list[Any]], rows: int
) -> tuple[list[Any], list[Failure]]:
    """The results of a call for each row, None where it failed; each row is called once."""
    results: list[Any] = []
    failures: list[Failure] = []
    made = map(call, *columns) if columns else (call() for _ in range(rows))
    while len(results) < rows:
        before = len(results)
        try:
            results.extend(made)
        except (Exception, SystemExit) as error:
            failures.append(failure(function, len(results), error))
            results.append(None)
            if not columns:  # a generator that raised is at its end
                made = (call() for _ in range(rows - len(results)))
            continue
        if len(results) < rows:  # a StopIteration of the function's own ended the loop
            assert len(results) >= before
            failures.append(failure(function, len(results), StopIteration()))
            results.append(None)
    return results, failures
