"""Calls of Python functions: their arguments counted, coerced as Flink coerces them, and typed."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType, TypeRoot
from tidemill.sql.binder.context import BindContext
from tidemill.sql.expressions import Expression
from tidemill.sql.functions.coerce import assignment_cast, can_store, cast_to
from tidemill.sql.functions.registry import BoundCall
from tidemill.sql.functions.signatures import is_null_literal
from tidemill.sql.syntax.nodes import FunctionCall


def bind_user(
    context: BindContext,
    function: PythonFunction,
    arguments: Sequence[Expression],
    node: FunctionCall,
) -> BoundCall:
    """The arguments as the function takes them, and the type of its result."""
    wanted = function.input_types
    if wanted is not None and len(wanted) != len(arguments):
        raise context.error(
            "bad-argument",
            f"{function.name} takes {len(wanted)} argument{'' if len(wanted) == 1 else 's'}, "
            f"not {len(arguments)}",
            node.span,
            hint=f"It is {_signature(function)}, at {place(function)}.",
        )
    bound = [
        _coerced(context, function, argument, None if wanted is None else wanted[index], node)
        for index, argument in enumerate(arguments)
    ]
    return BoundCall(tuple(bound), function.result_type)


def place(function: PythonFunction) -> str:
    """The file and line where a function begins."""
    return f"{function.loaded.file}:{function.loaded.line}"


def _signature(function: PythonFunction) -> str:
    taken = ", ".join(t.sql() for t in function.input_types or ())
    return f"{function.name}({taken})"


def _coerced(
    context: BindContext,
    function: PythonFunction,
    argument: Expression,
    wanted: DataType | None,
    node: FunctionCall,
) -> Expression:
    span = argument.span or node.span
    if wanted is None:
        if argument.type.root is TypeRoot.NULL:
            raise context.error(
                "bad-argument",
                f"{function.name} takes arguments of any type, and NULL has none",
                span,
                hint="Write CAST(NULL AS type).",
            )
        return argument
    if is_null_literal(argument):
        return cast_to(argument, wanted)
    if not can_store(argument.type, wanted):
        raise context.error(
            "bad-argument",
            f"{function.name} takes {wanted.sql()} here, not {argument.type.sql()}",
            span,
            hint=f"Cast the argument: CAST(... AS {wanted.sql()}). The function is "
            f"{_signature(function)}, at {place(function)}.",
        )
    return assignment_cast(argument, wanted)
