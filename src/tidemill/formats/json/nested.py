"""Codecs of ARRAY, MAP, MULTISET and ROW, and the choice of the codec for a type."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tidemill.errors import ProjectError
from tidemill.formats.common import temporal
from tidemill.formats.json import nodes
from tidemill.formats.json.codec import (
    ApproximateCodec,
    BinaryCodec,
    BooleanCodec,
    Codec,
    DecimalCodec,
    Errors,
    IntegerCodec,
    MismatchError,
    TemporalCodec,
    TextCodec,
    timestamp_codec,
)
from tidemill.formats.json.options import DecodeRules
from tidemill.model import DataType, TypeRoot

_BITS = {
    TypeRoot.TINYINT: 8,
    TypeRoot.SMALLINT: 16,
    TypeRoot.INTEGER: 32,
    TypeRoot.BIGINT: 64,
}


def codec_for(type_: DataType, rules: DecodeRules) -> Codec:
    """The codec of a type; ProjectError for a type that JSON cannot carry."""
    root = type_.root
    if root in _BITS:
        return IntegerCodec(type_, rules, _BITS[root])
    if root in (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ):
        return timestamp_codec(type_, rules, utc=root is TypeRoot.TIMESTAMP_LTZ)
    if root is TypeRoot.DATE:
        pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
        return TemporalCodec(type_, rules, temporal.parse_date, pattern)
    if root is TypeRoot.TIME:
        return TemporalCodec(type_, rules, temporal.parse_time)
    if root is TypeRoot.ROW:
        return RowCodec(type_, rules)
    if root is TypeRoot.ARRAY and type_.element is not None:
        return ArrayCodec(type_, rules, codec_for(type_.element, rules))
    if root in (TypeRoot.MAP, TypeRoot.MULTISET):
        return _map_codec(type_, rules)
    simple: dict[TypeRoot, type[Codec]] = {
        TypeRoot.BOOLEAN: BooleanCodec,
        TypeRoot.FLOAT: ApproximateCodec,
        TypeRoot.DOUBLE: ApproximateCodec,
        TypeRoot.CHAR: TextCodec,
        TypeRoot.VARCHAR: TextCodec,
        TypeRoot.DECIMAL: DecimalCodec,
        TypeRoot.BINARY: BinaryCodec,
        TypeRoot.VARBINARY: BinaryCodec,
    }
    if root not in simple:
        raise ProjectError(
            f"the JSON formats cannot read a column of type {type_.sql()}",
            code="format.unsupported-type",
            hint="Declare the column as STRING or BIGINT and convert it in the query.",
        )
    return simple[root](type_, rules)


def _map_codec(type_: DataType, rules: DecodeRules) -> Codec:
    key = type_.key if type_.root is TypeRoot.MAP else type_.element
    value = type_.value if type_.root is TypeRoot.MAP else DataType(TypeRoot.INTEGER)
    if key is None or value is None or not key.is_string:
        raise ProjectError(
            f"the JSON formats need text as the key of a map, not {type_.sql()}",
            code="format.unsupported-type",
            hint="Declare the key as STRING.",
        )
    return MapCodec(type_, rules, codec_for(value, rules))


class ArrayCodec(Codec):
    """ARRAY: a JSON array."""

    def __init__(self, type_: DataType, rules: DecodeRules, element: Codec) -> None:
        super().__init__(type_, rules)
        self.element = element
        self.carrier = list[element.carrier | None]  # type: ignore[name-defined]

    def convert(self, node: Any) -> list[Any]:
        """See the class."""
        if not isinstance(node, list) or isinstance(node, nodes.Fields):
            raise ValueError("not an array")
        return [self.element.take(item) for item in node]

    def arrow(self, values: list[Any]) -> tuple[pa.Array, Errors]:
        """See the class."""
        flat = [item for value in values if value is not None for item in value]
        inner, errors = self.element.arrow(flat)
        offsets = _offsets(values)
        array = pa.ListArray.from_arrays(offsets, inner, mask=_mask(values))
        return array.cast(self.arrow_type), _lift(errors, offsets)


class MapCodec(Codec):
    """MAP and MULTISET with text keys: a JSON object; of a repeated key the last value counts."""

    def __init__(self, type_: DataType, rules: DecodeRules, value: Codec) -> None:
        super().__init__(type_, rules)
        self.value = value
        self.carrier = dict[str, value.carrier | None]  # type: ignore[name-defined]

    def convert(self, node: Any) -> dict[str, Any]:
        """See the class."""
        if not isinstance(node, nodes.Fields):
            if self.rules.tree:
                return {}
            raise ValueError("not an object")
        return {nodes.clean(name): self.value.take(item) for name, item in node}

    def arrow(self, values: list[Any]) -> tuple[pa.Array, Errors]:
        """See the class."""
        keys = [key for value in values if value is not None for key in value]
        flat = [item for value in values if value is not None for item in value.values()]
        inner, errors = self.value.arrow(flat)
        offsets = _offsets(values)
        array = pa.MapArray.from_arrays(
            offsets, pa.array(keys, pa.string()), inner, type=self.arrow_type, mask=_mask(values)
        )
        return array, _lift(errors, offsets)


class RowCodec(Codec):
    """ROW, and the message itself: a JSON object, members found by name.

    Of a repeated member the last counts. `wanted` limits the fields that are read; the others come
    out as NULL.
    """

    def __init__(
        self, type_: DataType, rules: DecodeRules, wanted: Sequence[bool] | None = None
    ) -> None:
        super().__init__(type_, rules)
        self.names = [field.name for field in type_.fields]
        self.codecs = [
            codec_for(field.type, rules)
            if (wanted is None or wanted[i]) and field.type.root is not TypeRoot.NULL
            else None
            for i, field in enumerate(type_.fields)
        ]
        members: list[Any] = []
        rename: dict[str, str] = {}
        for i, (name, codec) in enumerate(zip(self.names, self.codecs, strict=True)):
            if codec is None and not rules.require_fields:
                continue
            rename[f"c{i}"] = name
            kind: Any = msgspec.Raw if codec is None else codec.carrier | None
            members.append((f"c{i}", kind) if rules.require_fields else (f"c{i}", kind, None))
        self.carrier = msgspec.defstruct("Row", members, rename=rename, gc=False)
        self.getters = [attrgetter(f"c{i}") for i in range(len(self.names))]

    def convert(self, node: Any) -> Any:
        """See the class."""
        if not isinstance(node, nodes.Fields):
            raise MismatchError(f"{shown_kind(node)} where an object is expected")
        members = dict(node)
        values: dict[str, Any] = {}
        for i, (name, codec) in enumerate(zip(self.names, self.codecs, strict=True)):
            if self.rules.require_fields and name not in members:
                raise MismatchError(f"field `{name}` is missing")
            if codec is None:
                if self.rules.require_fields:
                    values[f"c{i}"] = msgspec.Raw(b"null")
                continue
            try:
                values[f"c{i}"] = codec.take(members.get(name))
            except MismatchError as error:
                raise MismatchError(f"field `{name}`: {error}") from None
        return self.carrier(**values)

    def columns(self, rows: list[Any]) -> tuple[list[pa.Array], Errors]:
        """One Arrow array per field, of rows that are not None."""
        arrays: list[pa.Array] = []
        errors: Errors = {}
        for i, codec in enumerate(self.codecs):
            if codec is None:
                arrays.append(pa.nulls(len(rows), self.type.fields[i].type.arrow()))
                continue
            array, wrong = codec.arrow(list(map(self.getters[i], rows)))
            arrays.append(array)
            for index, text in wrong.items():
                errors.setdefault(index, f"field `{self.names[i]}`: {text}")
        return arrays, errors

    def arrow(self, values: list[Any]) -> tuple[pa.Array, Errors]:
        """See the class."""
        positions = [i for i, value in enumerate(values) if value is not None]
        arrays, errors = self.columns([values[i] for i in positions])
        struct = pa.StructArray.from_arrays(arrays, fields=list(self.arrow_type))
        indices = np.full(len(values), -1, dtype=np.int64)
        indices[positions] = np.arange(len(positions))
        taken = struct.take(pa.array(indices, mask=indices < 0))
        return taken, {positions[index]: text for index, text in errors.items()}


def shown_kind(node: Any) -> str:
    """What kind of JSON value a node is, for messages."""
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "a boolean"
    if nodes.is_container(node):
        return "an object" if isinstance(node, nodes.Fields) else "an array"
    return "a string" if nodes.is_string(node) else "a number"


def _offsets(values: list[Any]) -> pa.Int32Array:
    lengths = np.fromiter((len(v) if v is not None else 0 for v in values), np.int64, len(values))
    return pa.array(np.concatenate(([0], np.cumsum(lengths))).astype(np.int32))


def _mask(values: list[Any]) -> pa.BooleanArray:
    return pa.array([value is None for value in values], pa.bool_())


def _lift(errors: Errors, offsets: pa.Int32Array) -> Errors:
    """Errors of elements as errors of the lists that hold them."""
    if not errors:
        return errors
    starts = offsets.to_numpy()
    lifted: Errors = {}
    for index, text in errors.items():
        lifted.setdefault(int(np.searchsorted(starts, index, side="right")) - 1, text)
    return lifted
