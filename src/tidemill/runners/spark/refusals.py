"""Saying no: what Spark does not do, or was not shown to do as Flink does."""

from __future__ import annotations

from typing import NoReturn

from tidemill.errors import Span, TextWhere, UserError
from tidemill.model import DataType
from tidemill.records import dataclass
from tidemill.sql.expressions import Call, Cast

CODE = "runner.not-on-spark"
_HINT = "Run the pipeline on the embedded engine or on Flink."


@dataclass(frozen=True, slots=True)
class Refuser:
    """Raises refusals with their places in one text; `where` is used where a part has none."""

    file: str
    text: str
    where: TextWhere | None = None

    def at(self, where: TextWhere | None) -> Refuser:
        """The same for parts of the node at `where`."""
        return Refuser(self.file, self.text, where or self.where)

    def it(self, what: str, span: Span | None = None, hint: str | None = None) -> NoReturn:
        """Refuse `what`, named as the text has it."""
        raise UserError(
            f"{what} does not run on Spark",
            code=CODE,
            where=TextWhere(self.file, self.text, span) if span is not None else self.where,
            detail="It is not there, or was not shown to give the rows that Flink gives.",
            hint=hint or _HINT,
        )

    def type(self, kind: DataType, span: Span | None = None) -> NoReturn:
        """Refuse a type."""
        self.it(f"the type {kind.sql()}", span)

    def function(self, call: Call) -> NoReturn:
        """Refuse a function, with the types that it is called with."""
        types = ", ".join(argument.type.sql() for argument in call.arguments)
        self.it(f"{call.function}({types})", call.span)

    def cast(self, cast: Cast) -> NoReturn:
        """Refuse a conversion."""
        name = "TRY_CAST" if cast.safe else "CAST"
        self.it(f"{name} from {cast.argument.type.sql()} to {cast.type.sql()}", cast.span)
