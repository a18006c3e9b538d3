"""`open` of users' function objects: called before the first call, when an engine is built."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.engine.python.failures import failure
from tidemill.errors import EngineError, Where
from tidemill.functions import FunctionContext
from tidemill.interfaces.python_function import PythonFunction


def opened(functions: Iterable[PythonFunction]) -> None:
    """Call `open` of each function object that has one, once each."""
    seen: set[int] = set()
    for function in functions:
        target = function.loaded.function
        opener = getattr(target, "open", None)
        if not callable(opener) or id(target) in seen:
            continue
        seen.add(id(target))
        try:
            opener(FunctionContext())
        except Exception as error:
            raise EngineError(
                failure(function, 0, error).message.replace(" failed: ", " could not be opened: "),
                code="engine.function-failed",
                where=Where(operator=function.name),
            ) from error
