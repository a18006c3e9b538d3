"""A client of Flink's SQL Gateway (its REST endpoint, version 1 and up).

Guarantees: a statement that Flink refuses is a TidemillError with the root cause in one line and,
where Flink names one, the place in the statement; rows come typed. A session that is left open ends
by itself on the gateway's side; `close` ends it at once.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from tidemill.errors import ComponentError, TextWhere, TidemillError, UserError, Where
from tidemill.model.row_kind import RowKind
from tidemill.model.types import DataType
from tidemill.records import dataclass
from tidemill.runners.flink.causes import root_cause
from tidemill.runners.flink.rest import RefusedError, Rest
from tidemill.runners.flink.script import Statement
from tidemill.runners.flink.types import flink_type
from tidemill.runners.flink.values import plain_from_json

_KINDS = {
    "INSERT": RowKind.INSERT,
    "UPDATE_BEFORE": RowKind.UPDATE_BEFORE,
    "UPDATE_AFTER": RowKind.UPDATE_AFTER,
    "DELETE": RowKind.DELETE,
}
_PAUSE_FIRST_S, _PAUSE_MAX_S = 0.005, 0.2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result."""

    name: str
    type: DataType


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a result, in the plain form of `values`."""

    kind: RowKind
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A whole result; `job_id` where the statement started a job."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    job_id: str | None


class Gateway:
    """One SQL Gateway, by its address."""

    def __init__(self, url: str) -> None:
        self.rest = Rest(url, "flink's SQL gateway")

    def version(self) -> str:
        """Flink's version."""
        try:
            return str(self.rest.get("/v1/info")["version"])
        except RefusedError as error:
            raise _failed(error, None, None) from None

    def session(self, properties: Mapping[str, str]) -> GatewaySession:
        """Open a session with these settings."""
        try:
            answer = self.rest.post("/v1/sessions", {"properties": dict(properties)})
        except RefusedError as error:
            raise _failed(error, None, None) from None
        return GatewaySession(self.rest, str(answer["sessionHandle"]))


class GatewaySession:
    """A session: its own catalog and settings. Close it, or use it in a `with`."""

    def __init__(self, rest: Rest, handle: str) -> None:
        self._rest = rest
        self.handle = handle

    def __enter__(self) -> GatewaySession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session; jobs that it started go on."""
        try:
            self._rest.delete(f"/v1/sessions/{self.handle}")
        except (RefusedError, TidemillError):
            return

    def execute(
        self,
        statement: Statement,
        timeout_s: float = 60.0,
        secrets: Sequence[str] = (),
        *,
        rows_max: int | None = None,
    ) -> Result:
        """Run a statement to the end of its result.

        Args:
            statement: what to run.
            timeout_s: after this time the operation is cancelled and an error raised.
            secrets: texts that no error may show.
            rows_max: stop, and cancel the query, after so many rows.

        Raises:
            UserError: Flink refused the statement.
            ComponentError: the query failed while it ran, or took too long.
        """
        operation = None
        try:
            base = f"/v1/sessions/{self.handle}"
            answer = self._rest.post(f"{base}/statements", {"statement": statement.text})
            operation = f"{base}/operations/{answer['operationHandle']}"
            return self._collect(operation, timeout_s, rows_max)
        except RefusedError as error:
            raise _failed(error, statement, secrets) from None
        except _TimeoutError:
            raise ComponentError(
                f"flink did not finish within {timeout_s:g} s",
                code="runner.timeout",
                where=statement.where,
                hint="Look at the job in Flink's web interface; give it more time.",
            ) from None
        finally:
            if operation is not None:
                self._end(operation)

    def _end(self, operation: str) -> None:
        """Free the operation; this also cancels a query that still runs."""
        try:
            self._rest.delete(f"{operation}/close")
        except (RefusedError, TidemillError):
            return

    def _collect(self, operation: str, timeout_s: float, rows_max: int | None) -> Result:
        columns: tuple[Column, ...] = ()
        rows: list[Row] = []
        job = None
        for page in self._pages(operation, timeout_s):
            job = page.get("jobID") or job
            results = page["results"]
            if not columns:
                columns = tuple(
                    Column(c["name"], flink_type(c["logicalType"])) for c in results["columns"]
                )
            rows.extend(_row(row, columns) for row in results["data"])
            if rows_max is not None and len(rows) >= rows_max:
                break
        return Result(columns, tuple(rows[:rows_max]), job)

    def _pages(self, operation: str, timeout_s: float) -> Iterator[dict[str, Any]]:
        path: str | None = f"{operation}/result/0?rowFormat=JSON"
        limit = time.monotonic() + timeout_s
        pause = _PAUSE_FIRST_S
        while path is not None:
            page = self._rest.get(path)
            if page["resultType"] == "NOT_READY" or (
                page["resultType"] == "PAYLOAD" and not page["results"]["data"]
            ):
                if time.monotonic() > limit:
                    raise _TimeoutError
                time.sleep(pause)
                pause = min(pause * 1.5, _PAUSE_MAX_S)
            else:
                pause = _PAUSE_FIRST_S
            if page["resultType"] == "NOT_READY":
                continue
            yield page
            following = page.get("nextResultUri")
            path = _path_of(following) if following else None


class _TimeoutError(Exception):
    """The operation took too long."""


def _path_of(uri: str) -> str:
    """The path and query of what may be a whole address."""
    parts = urllib.parse.urlsplit(uri)
    return parts.path + ("?" + parts.query if parts.query else "")


def _row(row: Mapping[str, Any], columns: Sequence[Column]) -> Row:
    values = (plain_from_json(v, c.type) for v, c in zip(row["fields"], columns, strict=True))
    return Row(_KINDS[row["kind"]], tuple(values))


def _failed(
    error: RefusedError, statement: Statement | None, secrets: Sequence[str] | None
) -> TidemillError:
    """The error for what the gateway answered."""
    cause = root_cause(error.trace)
    message, more = cause.message, cause.more
    for secret in secrets or ():
        message = message.replace(secret, "***")
        more = more.replace(secret, "***") if more else None
    where: TextWhere | Where = Where(server="flink")
    if statement is not None:
        where = statement.place(cause.place)
    if error.status == 404 and "ession" in error.trace:
        return ComponentError(
            "the session on flink's SQL gateway is gone",
            code="runner.gone",
            where=where,
            hint="The gateway was restarted, or the session was idle too long: run it again.",
        )
    if "JobExecutionException" in error.trace or "Job execution failed" in error.trace:
        return ComponentError(
            f"flink's job failed: {message}", code="runner.job-failed", where=where, detail=more
        )
    return UserError(
        f"flink refuses this: {message}", code="runner.refused", where=where, detail=more
    )
