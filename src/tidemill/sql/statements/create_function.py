"""CREATE [TEMPORARY [SYSTEM]] FUNCTION ... LANGUAGE PYTHON."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from tidemill.errors import Span, SqlError
from tidemill.interfaces.python_function import (
    FunctionLoadError,
    LoadedFunction,
    PythonFunction,
)
from tidemill.model import DataType, Field, TypeRoot
from tidemill.records import dataclass
from tidemill.sql.catalog import BrokenNameError, FullName
from tidemill.sql.dialect import tokenize
from tidemill.sql.session import Session
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.nodes import Path, StringLiteral
from tidemill.sql.text import SourceText
from tidemill.sql.types import parse_type


def run_create_function(session: Session, cursor: Cursor, temporary: bool) -> None:
    """Read the statement behind CREATE [TEMPORARY], load the function and declare it."""
    system = cursor.at("SYSTEM")
    if system and not temporary:
        raise cursor.error(
            "syntax",
            "a system function can only be temporary",
            hint="Write CREATE TEMPORARY SYSTEM FUNCTION.",
        )
    if system:
        cursor.advance()
    cursor.expect("FUNCTION")
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    place = FunctionPlace.read(session, cursor, system)
    with place.poisoning():
        cursor.expect("AS")
        path = cursor.string("the function, as 'module.function'")
        _language(cursor)
        cursor.done()
        if place.known() and if_not_exists:
            return
        if place.known():
            raise session.source.error(
                "table-exists",
                f"a function `{place.path}` is there already",
                place.path.span,
                hint="Use another name, DROP FUNCTION before, or write IF NOT EXISTS.",
            )
        place.put(load_function(session, place.path, path))


def _language(cursor: Cursor) -> None:
    if not cursor.take("LANGUAGE"):
        raise cursor.error(
            "not-supported",
            "a function without LANGUAGE is one of Java, and Java functions are not supported",
            cursor.previous.span,
            hint="Write LANGUAGE PYTHON behind it.",
        )
    if not cursor.at("PYTHON"):
        raise cursor.unsupported(
            f"LANGUAGE {cursor.token.text.upper()}", hint="LANGUAGE PYTHON is."
        )
    cursor.advance()
    if cursor.at("USING"):
        raise cursor.error(
            "not-supported",
            "USING is refused: a pipeline file loads no code but the project's own",
            hint="Put the module into the project's folder `functions/`.",
        )


@dataclass(frozen=True, slots=True)
class FunctionPlace:
    """Where in the catalog a function's name leads."""

    session: Session
    path: Path
    system: bool
    name: FullName

    @classmethod
    def read(cls, session: Session, cursor: Cursor, system: bool) -> FunctionPlace:
        """Read the name."""
        path = cursor.path("a function name")
        if system and len(path.parts) > 1:
            raise cursor.error("syntax", "a system function has a plain name", path.span)
        catalog, database, name = session.catalog.full_name(session.source, path)
        return cls(session, path, system, (catalog, database, name.lower()))

    def known(self) -> bool:
        """Whether the name is taken."""
        functions = self.session.catalog.functions
        return self.name[-1] in functions.system if self.system else self.name in functions.plain

    def put(self, function: PythonFunction) -> None:
        """Declare it."""
        functions = self.session.catalog.functions
        if self.system:
            functions.system[self.name[-1]] = function
        else:
            functions.plain[self.name] = function

    def remove(self) -> None:
        """Take it away."""
        functions = self.session.catalog.functions
        functions.broken.discard(self.name)
        table: MutableMapping[str, PythonFunction] = functions.system
        if self.system:
            table.pop(self.name[-1], None)
        else:
            functions.plain.pop(self.name, None)

    @contextmanager
    def poisoning(self) -> Iterator[None]:
        """Remember the name as broken where its declaration is refused."""
        broken = self.session.catalog.functions.broken
        try:
            yield
        except (SqlError, BrokenNameError):
            if not self.known():
                broken.add(self.name)
            raise
        broken.discard(self.name)


def load_function(session: Session, name: Path, path: StringLiteral) -> PythonFunction:
    """Load and type a function; SqlError at its path where it cannot be had."""
    source = session.source
    if session.functions is None:
        raise source.error(
            "bad-function", "no Python function can be loaded here", path.span,
            hint="Put the statement into a pipeline file of a project.",
        )  # fmt: skip
    try:
        loaded = session.functions.function(path.value)
    except FunctionLoadError as error:
        raise source.error(
            "bad-function", error.message, path.span,
            hint=error.hint, detail=error.detail,
        ) from None  # fmt: skip
    return typed_function(source, name.parts[-1].text.lower(), path, loaded)


def typed_function(
    source: SourceText, name: str, path: StringLiteral, loaded: LoadedFunction
) -> PythonFunction:
    """The function with its types read."""
    shown = f"`{path.value}` ({loaded.file}:{loaded.line})"

    def read(text: str, what: str) -> DataType:
        return _type(source, text, f"the function {shown}: {what}", path.span)

    inputs = None
    if loaded.input_types is not None:
        numbered = enumerate(loaded.input_types, 1)
        inputs = tuple(read(text, f"argument {number}") for number, text in numbered)
    results = [read(text, "the result") for text in loaded.result_types]
    if loaded.kind != "table":
        result = results[0]
    elif len(results) == 1 and results[0].root is TypeRoot.ROW:
        result = results[0].with_nullable(False)
    else:
        fields = tuple(Field(f"f{i}", type_) for i, type_ in enumerate(results))
        result = DataType(TypeRoot.ROW, nullable=False, fields=fields)
    accumulator = loaded.accumulator_type
    for type_ in (*(inputs or ()), result):
        _carried(source, shown, type_, path.span)
    return PythonFunction(
        name, path.value, loaded, inputs, result,
        None if accumulator is None else read(accumulator, "the accumulator"),
    )  # fmt: skip


def _type(source: SourceText, text: str, what: str, span: Span) -> DataType:
    inner = SourceText(source.file, text)
    try:
        cursor = Cursor(inner, list(tokenize(inner)), len(text))
        type_ = parse_type(cursor)
        cursor.done()
    except SqlError as error:
        raise source.error(
            "bad-function", f"{what} has the type '{text}': {error.message}", span,
            hint=error.hint,
        ) from None  # fmt: skip
    return type_


def _carried(source: SourceText, shown: str, type_: DataType, span: Span) -> None:
    """Intervals and multisets do not go into or out of Python."""
    parts = [type_.element, type_.key, type_.value, *(field.type for field in type_.fields)]
    if type_.is_interval or type_.root in (TypeRoot.MULTISET, TypeRoot.NULL):
        raise source.error(
            "not-supported",
            f"the type {type_.sql()} in a Python function is not supported yet",
            span,
            detail=f"The function is {shown}.",
        )
    for part in parts:
        if part is not None:
            _carried(source, shown, part, span)
