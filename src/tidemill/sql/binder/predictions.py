"""ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(columns)): the model's outputs beside each row.

Source: Flink 2.3 "Model Inference". Arguments may be named INPUT, MODEL, ARGS and CONFIG. Fields
are the table's, then the model's OUTPUT; a name that is taken gets a number behind it.
"""

from __future__ import annotations

from collections.abc import Callable

from tidemill.errors import SqlError, did_you_mean
from tidemill.interfaces.python_function import Model
from tidemill.model import DataType, TypeRoot
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.scope import Scope
from tidemill.sql.catalog import BrokenNameError, Catalog
from tidemill.sql.expressions import Call, Expression, InputRef, Literal
from tidemill.sql.functions.coerce import assignment_cast, can_store
from tidemill.sql.logical import LogicalNode, Project, RowField
from tidemill.sql.syntax.nodes import (
    DerivedTable,
    Descriptor,
    ModelReference,
    Path,
    TableReference,
    WindowArgument,
    WindowFunction,
)
from tidemill.sql.text import SourceText

_NAMES = ("INPUT", "MODEL", "ARGS", "CONFIG")
_SHAPE = "Write ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(column, ...))."


def bind_prediction(
    context: BindContext,
    node: WindowFunction,
    bind_table: Callable[[TableReference | DerivedTable], LogicalNode],
) -> LogicalNode:
    """The projection that adds a model's outputs to a table's rows."""
    given = _arguments(context, node)
    table, reference, columns = (given[name].value for name in _NAMES[:3])
    if not isinstance(table, (TableReference, DerivedTable)):
        raise _refused(context, given["INPUT"], "the first argument of ML_PREDICT is a table")
    if not isinstance(reference, ModelReference):
        raise _refused(context, given["MODEL"], "the second argument of ML_PREDICT is a model")
    if not isinstance(columns, Descriptor):
        raise _refused(context, given["ARGS"], "ML_PREDICT names its columns by DESCRIPTOR")
    model = _model(context, reference)
    below = bind_table(table)
    call = _call(context, model, columns, Scope(context.source, below.fields), node)
    outputs = _outputs(model, call)
    own = tuple(InputRef(i, f.name, f.type) for i, f in enumerate(below.fields))
    names = [field.name for field in below.fields]
    fields = list(below.fields)
    for field, expression in zip(model.outputs, outputs, strict=True):
        name = _free(field.name, names)
        names.append(name)
        fields.append(RowField(name, expression.type))
    return Project(below, (*own, *outputs), tuple(fields))


def _arguments(context: BindContext, node: WindowFunction) -> dict[str, WindowArgument]:
    given: dict[str, WindowArgument] = {}
    for position, argument in enumerate(node.arguments):
        key = argument.name.text.upper() if argument.name else (*_NAMES, "", "")[position]
        if key not in _NAMES:
            raise _refused(context, argument, "ML_PREDICT has no such argument")
        if key in given:
            raise _refused(context, argument, f"{key} is given twice")
        given[key] = argument
    if "CONFIG" in given:
        raise context.unsupported(
            "CONFIG of ML_PREDICT", given["CONFIG"].span, "Models run in step here; leave it out."
        )
    for name in _NAMES[:3]:
        if name not in given:
            raise context.error(
                "bad-argument",
                f"ML_PREDICT lacks its argument {name}",
                node.function.span,
                hint=_SHAPE,
            )
    return given


def _refused(context: BindContext, argument: WindowArgument, message: str) -> SqlError:
    return context.error("bad-argument", message, argument.span, hint=_SHAPE)


def _model(context: BindContext, reference: ModelReference) -> Model:
    catalog = context.catalog
    name = catalog.full_name(context.source, reference.path)
    if name in catalog.functions.broken_models:
        raise BrokenNameError
    found = catalog.functions.models.get(name)
    if found is None:
        raise unknown_model(catalog, context.source, reference.path)
    return found


def unknown_model(catalog: Catalog, source: SourceText, path: Path) -> SqlError:
    """The error of a model that is not there."""
    known = [catalog.shown(name) for name in catalog.functions.models]
    return source.error(
        "unknown-model",
        f"unknown model `{path}`",
        path.span,
        hint=did_you_mean(str(path), known) or "Declare it with CREATE MODEL.",
    )


def _call(
    context: BindContext, model: Model, columns: Descriptor, scope: Scope, node: WindowFunction
) -> Call:
    if len(columns.columns) != len(model.inputs):
        raise context.error(
            "bad-argument",
            f"the model {model.name} takes {len(model.inputs)} "
            f"column{'' if len(model.inputs) == 1 else 's'}, not {len(columns.columns)}",
            columns.span,
            hint="Its INPUT: " + ", ".join(f"{f.name} {f.type.sql()}" for f in model.inputs) + ".",
        )
    function = model.function
    wanted = function.input_types
    arguments: list[Expression] = []
    for place, (path, field) in enumerate(zip(columns.columns, model.inputs, strict=True)):
        column = scope.resolve(path)
        if not can_store(column.type, field.type):
            raise context.error(
                "bad-argument",
                f"the model {model.name} takes {field.type.sql()} as `{field.name}`, not "
                f"{column.type.sql()}",
                path.span,
            )
        argument = assignment_cast(column, field.type)
        if wanted is not None:
            argument = assignment_cast(argument, wanted[place])
        arguments.append(argument)
    return Call(model.name, tuple(arguments), function.result_type, node.span, function)


def _outputs(model: Model, call: Call) -> list[Expression]:
    if call.type.root is not TypeRoot.ROW or (
        len(model.outputs) == 1 and model.function.kind != "model"
    ):
        return [call]
    return [
        Call(
            "FIELD",
            (call, Literal(field.name, _char(field.name))),
            field.type.with_nullable(True),
        )
        for field in call.type.fields
    ]


def _char(text: str) -> DataType:
    return DataType(TypeRoot.CHAR, nullable=False, length=len(text))


def _free(name: str, taken: list[str]) -> str:
    number, free = 0, name
    while free in taken:
        free = f"{name}{number}"
        number += 1
    return free
