"""Tidemill from Python: `import tidemill as tm` gives these names.

`sql`, `table`, `stream` and `function` work in a default session, that of the current folder's
project; `use` puts another in its place, and `Session` makes one of your own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.api.expressions import (
    Expression,
    avg,
    case,
    col,
    count,
    expression,
    fn,
    lit,
    max_,
    min_,
    sum_,
)
from tidemill.api.live_display import EVERY_S
from tidemill.api.pipeline import Pipeline, Running
from tidemill.api.query import Query
from tidemill.api.result import Result
from tidemill.api.session import Session
from tidemill.api.topic import Topic, topics
from tidemill.api.windows import Window, cumulate, hop, session, tumble

if TYPE_CHECKING:
    from tidemill.control.run import RunResult, Until

__all__ = [
    "Expression",
    "Pipeline",
    "Query",
    "Result",
    "Running",
    "Session",
    "Topic",
    "Window",
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

_default: list[Session] = []


def use(project: str | Path | None = None, **variables: str) -> Session:
    """Make a new default session in a project, and give it."""
    _default[:] = [Session(project, variables=variables)]
    return _default[0]


def sql(text: str) -> Result:
    """Run statements in the default session; the rows of the last that gives any."""
    return _session().sql(text)


def stream(text: str) -> Iterator[Result]:
    """The rows of a SELECT in batches, while they come."""
    return _session().stream(text)


def live(text: str, *, seconds: float | None = None, every_s: float = EVERY_S) -> None:
    """Show a SELECT in a notebook while it runs (`Session.live`)."""
    _session().live(text, seconds=seconds, every_s=every_s)


def explain(text: str) -> str:
    """The plan of a statement as text."""
    return _session().explain(text)


def table(name: str, data: Any = None, **options: Any) -> Query:
    """A query over a table of the default session, or over given rows (`Session.table`)."""
    return _session().table(name, data, **options)


def function(name: str, path: str) -> None:
    """Declare a Python function in the default session (`Session.function`)."""
    _session().function(name, path)


def topic(name: str, *, project: str | Path | None = None, bootstrap: str | None = None) -> Topic:
    """A Kafka topic of the project, or of the cluster at `bootstrap`."""
    return Topic(name, project=project, bootstrap=bootstrap)


def run(
    pipeline: str | Path | Pipeline,
    *,
    project: str | Path | None = None,
    variables: Mapping[str, str] | None = None,
    until: Until = "finished",
) -> RunResult:
    """Run a pipeline, given by file, by name or as an object, on this thread."""
    if not isinstance(pipeline, Pipeline):
        pipeline = Pipeline.from_file(pipeline, project=project, variables=variables)
    return pipeline.run(until)


def _session() -> Session:
    if not _default:
        _default.append(Session())
    return _default[0]
