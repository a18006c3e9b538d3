"""Arrow rows to Protobuf messages.

NULL leaves a field out; among the items of an array or map it becomes the type's default, a text
`write-null-string-literal`. A value that the field cannot hold (a text that is no name of the enum)
stops the pipeline, as it does in Flink.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from google.protobuf.descriptor import FieldDescriptor as Fd

from tidemill.errors import ConnectorError
from tidemill.formats.protobuf.fields import is_map
from tidemill.model import Batch, Schema


class ProtobufEncoder:
    """Encodes the rows of one table; row kinds are not written."""

    def __init__(self, message: Any, schema: Schema, null_text: str) -> None:
        self._message, self._schema, self._null_text = message, schema, null_text

    def encode(self, batch: Batch) -> pa.BinaryArray:
        """One message per row; see `Encoder`."""
        columns = [column.to_pylist() for column in batch.rows.columns]
        names = self._schema.names
        found = []
        for row in zip(*columns, strict=True):
            message = self._message()
            try:
                self._fill(message, dict(zip(names, row, strict=True)))
                found.append(message.SerializeToString(deterministic=True))
            except (ValueError, TypeError, KeyError) as error:
                raise ConnectorError(
                    f"a row cannot be written as `{message.DESCRIPTOR.full_name}`: {error}",
                    code="format.not-encodable",
                ) from None
        return pa.array(found, pa.binary())

    def _fill(self, message: Any, values: dict[str, Any]) -> None:
        for name, value in values.items():
            field = message.DESCRIPTOR.fields_by_name[name]
            if value is None:
                continue
            target = getattr(message, name)
            if is_map(field):
                self._fill_map(target, field, dict(value))
            elif field.is_repeated:
                for item in value:
                    self._append(target, field, item)
            elif field.message_type is not None:
                target.SetInParent()
                self._fill(target, value)
            else:
                setattr(message, name, self._scalar(field, value))

    def _fill_map(self, target: Any, field: Any, entries: dict[Any, Any]) -> None:
        value_field = field.message_type.fields_by_name["value"]
        key_field = field.message_type.fields_by_name["key"]
        for key, value in entries.items():
            written = self._scalar(key_field, key)
            if value_field.message_type is not None:
                self._fill(target[written], value or {})
            else:
                target[written] = self._scalar(value_field, value)

    def _append(self, target: Any, field: Any, item: Any) -> None:
        if field.message_type is not None:
            self._fill(target.add(), item or {})
        else:
            target.append(self._scalar(field, item))

    def _scalar(self, field: Any, value: Any) -> Any:
        if value is None:
            if field.cpp_type == Fd.CPPTYPE_STRING:
                return b"" if field.type == Fd.TYPE_BYTES else self._null_text
            return field.enum_type.values[0].number if field.enum_type else 0
        if field.cpp_type == Fd.CPPTYPE_ENUM and isinstance(value, str):
            return field.enum_type.values_by_name[value].number
        if field.cpp_type == Fd.CPPTYPE_UINT32:
            return value % (1 << 32)
        if field.cpp_type == Fd.CPPTYPE_UINT64:
            return value % (1 << 64)
        return value
