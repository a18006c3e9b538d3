"""Which type of column takes which field, as in Flink; ProjectError where they do not fit."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor as Fd

from tidemill.errors import ProjectError, did_you_mean
from tidemill.model import DataType, TypeRoot
from tidemill.model.types import Field

_TEXTS = {TypeRoot.CHAR, TypeRoot.VARCHAR}
_BYTES = {TypeRoot.BINARY, TypeRoot.VARBINARY}
_TAKES = {
    Fd.CPPTYPE_BOOL: {TypeRoot.BOOLEAN},
    Fd.CPPTYPE_FLOAT: {TypeRoot.FLOAT},
    Fd.CPPTYPE_DOUBLE: {TypeRoot.DOUBLE},
    Fd.CPPTYPE_ENUM: {*_TEXTS, TypeRoot.INTEGER, TypeRoot.BIGINT},
    Fd.CPPTYPE_INT32: {TypeRoot.INTEGER},
    Fd.CPPTYPE_UINT32: {TypeRoot.INTEGER},
    Fd.CPPTYPE_INT64: {TypeRoot.BIGINT},
    Fd.CPPTYPE_UINT64: {TypeRoot.BIGINT},
}


def check_row(message: Any, fields: tuple[Field, ...], path: str = "") -> None:
    """Raise ProjectError where a column has no field, or one of another type."""
    for column in fields:
        shown = f"{path}{column.name}"
        found = message.fields_by_name.get(column.name)
        if found is None:
            names = [field.name for field in message.fields]
            raise ProjectError(
                f"the message `{message.full_name}` has no field `{shown}`",
                code="format.bad-option",
                hint=did_you_mean(column.name, names) or f"Fields: {', '.join(names)}.",
            )
        if is_map(found):
            _check_map(found, column.type, shown)
        elif found.is_repeated:
            if column.type.root is not TypeRoot.ARRAY or column.type.element is None:
                raise _mismatch(found, column.type, shown)
            _check_value(found, column.type.element, f"{shown}[]")
        else:
            _check_value(found, column.type, shown)


def is_map(field: Any) -> bool:
    """Whether a field is a map, which is a repeated message of its own kind."""
    return bool(
        field.is_repeated and field.message_type and field.message_type.GetOptions().map_entry
    )


def _check_map(field: Any, type_: DataType, shown: str) -> None:
    if type_.root is not TypeRoot.MAP or type_.key is None or type_.value is None:
        raise _mismatch(field, type_, shown)
    entry = field.message_type.fields_by_name
    _check_value(entry["key"], type_.key, f"{shown}{{key}}")
    _check_value(entry["value"], type_.value, f"{shown}{{}}")


def _check_value(field: Any, type_: DataType, shown: str) -> None:
    if field.message_type is not None:
        if type_.root is not TypeRoot.ROW:
            raise _mismatch(field, type_, shown)
        check_row(field.message_type, type_.fields, f"{shown}.")
        return
    if field.cpp_type == Fd.CPPTYPE_STRING:
        takes = _BYTES if field.type == Fd.TYPE_BYTES else _TEXTS
    else:
        takes = _TAKES[field.cpp_type]
    if type_.root not in takes:
        raise _mismatch(field, type_, shown)


def _mismatch(field: Any, type_: DataType, shown: str) -> ProjectError:
    kind = field.message_type.full_name if field.message_type else _KINDS.get(field.type, "enum")
    repeated = "repeated " if field.is_repeated else ""
    return ProjectError(
        f"the field `{shown}` is {repeated}{kind}, which is no {type_.sql()}",
        code="format.unsupported-type",
    )


_KINDS = {
    getattr(Fd, name): name.removeprefix("TYPE_").lower()
    for name in dir(Fd)
    if name.startswith("TYPE_")
}
