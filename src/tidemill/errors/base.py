"""The classes of the error tree."""

from __future__ import annotations

from typing import Any, ClassVar

from tidemill.errors.catalogue import CATALOGUE
from tidemill.errors.where import TextWhere, Where


class TidemillError(Exception):
    """An error made for a person: what happened, where, why, and how to mend it.

    Args:
        message: what happened: one short clause, lower-case first letter, no full stop, with the
            value that triggered it.
        code: stable code, declared in `tidemill.errors.codes`.
        where: the place, if it is known.
        detail: why, in sentences.
        hint: what to do, in sentences.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        code: str,
        where: TextWhere | Where | None = None,
        detail: str | None = None,
        hint: str | None = None,
    ) -> None:
        if code not in CATALOGUE:
            raise AssertionError(f"error code {code!r} is not declared in tidemill.errors.codes")
        super().__init__(message)
        self.message = message
        self.code = code
        self.where = where
        self.detail = detail
        self.hint = hint

    def render(self, columns_max: int | None = None) -> str:
        """The whole error as plain text, several lines, without colour.

        A line of the user's text that is longer than `columns_max` is cut around the place.
        """
        lines = [f"error[{self.code}]: {self.message}"]
        if self.where is not None and str(self.where):
            lines.append(f"  --> {self.where}")
        if isinstance(self.where, TextWhere):
            lines.append(self.where.snippet(columns_max))
        if self.detail:
            lines.append(f"detail: {self.detail}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback (IPython asks for it)."""
        return self.render().splitlines()

    def as_dict(self) -> dict[str, Any]:
        """The error for `--json` and logs."""
        where: dict[str, Any] | str | None = None
        if isinstance(self.where, TextWhere):
            where = {"file": self.where.file, "line": self.where.line, "column": self.where.column}
        elif self.where is not None:
            where = str(self.where)
        return {
            "code": self.code,
            "message": self.message,
            "where": where,
            "detail": self.detail,
            "hint": self.hint,
        }


class UserError(TidemillError):
    """The pipeline, the project file or the data is wrong; mending it is the user's."""


class SqlError(UserError):
    """A statement is refused."""


class ProjectError(UserError):
    """The project file, an option or a reference in it is wrong."""


class VerificationError(UserError):
    """A check, a verification or a comparison found a difference."""


class UsageError(TidemillError):
    """The command line is wrong."""

    exit_code: ClassVar[int] = 2


class ComponentError(TidemillError):
    """A server, a connector or the engine failed."""

    exit_code: ClassVar[int] = 3


class ServiceError(ComponentError):
    """A server could not be installed or started, or it died."""


class ConnectorError(ComponentError):
    """A source, sink or lookup failed.

    `retryable` is True where the same call may succeed later without anybody mending anything
    (a broker restarts, a connection breaks).
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        where: TextWhere | Where | None = None,
        detail: str | None = None,
        hint: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, code=code, where=where, detail=detail, hint=hint)
        self.retryable = retryable


class StoreError(ConnectorError):
    """An object store refused a call, or could not be reached."""


class EngineError(ComponentError):
    """The embedded engine stopped."""


class DoubtfulCommitError(EngineError):
    """A commit's outcome is unknown; the engine must recover and ask the sink what it holds."""
