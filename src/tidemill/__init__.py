"""Tidemill: the whole streaming stack in one Python package.

    import tidemill as tm

    tm.sql("SELECT 1 + 1 AS two")
    tm.Pipeline.from_file("pipelines/nyc_taxi.sql").run()
    tm.topic("nyc_taxi.sink").tail(5)

The names are those of `tidemill.api`; they are loaded when first used, so that importing the
package costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tidemill.version import __version__

if TYPE_CHECKING:
    from tidemill.api import (
        Expression,
        Pipeline,
        Query,
        Result,
        Running,
        Session,
        Topic,
        Window,
        avg,
        case,
        col,
        count,
        cumulate,
        explain,
        expression,
        fn,
        function,
        hop,
        lit,
        live,
        max_,
        min_,
        run,
        session,
        sql,
        stream,
        sum_,
        table,
        topic,
        topics,
        tumble,
        use,
    )

__all__ = [
    "Expression",
    "Pipeline",
    "Query",
    "Result",
    "Running",
    "Session",
    "Topic",
    "Window",
    "__version__",
    "avg",
    "case",
    "col",
    "count",
    "cumulate",
    "explain",
    "expression",
    "fn",
    "function",
    "hop",
    "lit",
    "live",
    "max_",
    "min_",
    "run",
    "session",
    "sql",
    "stream",
    "sum_",
    "table",
    "topic",
    "topics",
    "tumble",
    "use",
]


class _Package(ModuleType):
    """The package, on which `sql` is the function although a room of that name exists.

    The import system puts each imported room on its package; that one is taken and not shown.
    `from tidemill.sql import ...` does not ask here.
    """

    @property
    def sql(self) -> Any:
        return importlib.import_module("tidemill.api").sql

    @sql.setter
    def sql(self, _room: ModuleType) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name in __all__:
            return getattr(importlib.import_module("tidemill.api"), name)
        raise AttributeError(f"module 'tidemill' has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return __all__


sys.modules[__name__].__class__ = _Package
