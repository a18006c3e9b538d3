"""CREATE [TEMPORARY] MODEL, with the providers `onnx` and `python`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from tidemill.errors import Span, SqlError, did_you_mean
from tidemill.interfaces.python_function import FunctionLoadError, Model, PythonFunction
from tidemill.model import DataType, Field, TypeRoot
from tidemill.sql.catalog import BrokenNameError, FullName
from tidemill.sql.functions.coerce import can_store
from tidemill.sql.session import Session
from tidemill.sql.statements.create_function import load_function
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.from_items import parse_option
from tidemill.sql.syntax.nodes import Path, StringLiteral
from tidemill.sql.types import parse_type

PROVIDERS: Mapping[str, tuple[str, ...]] = {"onnx": ("path",), "python": ("function",)}
"""The providers and the options that each must have."""

Options = Mapping[str, tuple[StringLiteral, StringLiteral]]


def run_create_model(session: Session, cursor: Cursor) -> None:
    """Read the statement behind CREATE [TEMPORARY] MODEL, load the model and declare it."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    path = cursor.path("a model's name")
    name = session.catalog.full_name(session.source, path)
    with _poisoning(session, name):
        inputs = _columns(cursor, "INPUT")
        outputs = _columns(cursor, "OUTPUT")
        if cursor.take("COMMENT"):
            cursor.string("a comment")
        span = cursor.expect("WITH").span
        given = cursor.parenthesised(lambda: parse_option(cursor))
        cursor.done()
        models = session.catalog.functions.models
        if name in models and if_not_exists:
            return
        if name in models:
            raise session.source.error(
                "table-exists",
                f"a model `{path}` is there already",
                path.span,
                hint="Use another name, DROP MODEL before, or write IF NOT EXISTS.",
            )
        models[name] = _model(session, path, inputs, outputs, _options(session, given, span))
        session.note(
            f"The model `{path}` runs on the embedded engine only: Flink has no provider for it. A "
            "pipeline that must run on both calls its model through a Python function."
        )


@contextmanager
def _poisoning(session: Session, name: FullName) -> Iterator[None]:
    functions = session.catalog.functions
    try:
        yield
    except (SqlError, BrokenNameError):
        if name not in functions.models:
            functions.broken_models.add(name)
        raise
    functions.broken_models.discard(name)


def _columns(cursor: Cursor, word: str) -> tuple[Field, ...]:
    cursor.expect(word, hint="Write INPUT (column type, ...) OUTPUT (column type, ...) WITH (...).")
    names: list[str] = []

    def column() -> Field:
        name = cursor.name("a column name")
        if name.text in names:
            raise cursor.error(
                "duplicate-column", f"the column `{name.text}` is there twice", name.span
            )
        names.append(name.text)
        type_ = parse_type(cursor)
        if cursor.take("COMMENT"):
            cursor.string("a comment")
        return Field(name.text, type_)

    return cursor.parenthesised(column)


def _options(
    session: Session, given: tuple[tuple[StringLiteral, StringLiteral], ...], span: Span
) -> Options:
    options = {key.value.lower(): (key, value) for key, value in given}
    if "provider" not in options:
        raise session.source.error(
            "missing-option", "the model lacks the option `provider`", span,
            hint=f"Providers: {', '.join(PROVIDERS)}.",
        )  # fmt: skip
    _, provider = options["provider"]
    if provider.value not in PROVIDERS:
        raise session.source.error(
            "not-supported", f"the provider `{provider.value}` is not supported yet", provider.span,
            hint=did_you_mean(provider.value, PROVIDERS) or f"Providers: {', '.join(PROVIDERS)}.",
        )  # fmt: skip
    known = ("provider", *PROVIDERS[provider.value])
    for name, (key, _) in options.items():
        if name not in known:
            raise session.source.error(
                "bad-option", f"a model of the provider `{provider.value}` has no option `{name}`",
                key.span, hint=did_you_mean(name, known) or f"Options: {', '.join(known)}.",
            )  # fmt: skip
    for name in known:
        if name not in options:
            raise session.source.error(
                "missing-option", f"the model lacks the option `{name}`", span
            )
    return options


def _model(
    session: Session,
    path: Path,
    inputs: tuple[Field, ...],
    outputs: tuple[Field, ...],
    options: Options,
) -> Model:
    provider = options["provider"][1].value
    name = path.parts[-1].text
    result = outputs[0].type if len(outputs) == 1 else _row(outputs)
    if provider == "onnx":
        function = _onnx(session, name, options["path"][1], inputs, outputs)
    else:
        function = _python(session, path, options["function"][1], inputs, result)
    return Model(name, inputs, outputs, provider, replace(function, is_model=True))


def _row(outputs: tuple[Field, ...]) -> DataType:
    return DataType(TypeRoot.ROW, fields=outputs)


def _onnx(
    session: Session,
    name: str,
    file: StringLiteral,
    inputs: tuple[Field, ...],
    outputs: tuple[Field, ...],
) -> PythonFunction:
    if session.functions is None:
        raise session.source.error("bad-function", "no model can be loaded here", file.span)
    try:
        loaded = session.functions.onnx_model(file.value, inputs, outputs)
    except FunctionLoadError as error:
        raise session.source.error(
            "bad-function", error.message, file.span, hint=error.hint, detail=error.detail
        ) from None
    return PythonFunction(name, file.value, loaded, tuple(f.type for f in inputs), _row(outputs))


def _python(
    session: Session,
    path: Path,
    function: StringLiteral,
    inputs: tuple[Field, ...],
    result: DataType,
) -> PythonFunction:
    """A scalar function that takes the INPUT columns and gives the OUTPUT columns."""
    found = load_function(session, path, function)
    taken = found.input_types
    given = [field.type for field in inputs]
    fits = found.kind == "scalar" and (
        taken is None or (len(taken) == len(given) and all(map(can_store, given, taken)))
    )
    if not fits:
        raise session.source.error(
            "bad-function",
            f"the function `{function.value}` does not take the model's INPUT",
            function.span,
            hint=f"It must be a scalar function of ({', '.join(t.sql() for t in given)}).",
        )
    if found.result_type.with_nullable(True) != result.with_nullable(True):
        raise session.source.error(
            "bad-function",
            f"the function `{function.value}` gives {found.result_type.sql()}, not the model's "
            f"OUTPUT {result.sql()}",
            function.span,
        )
    return found
