"""The generator of a field: random or sequence, with NULLs and with parts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.datagen import scalars
from tidemill.connectors.datagen.fields import FieldOptions, bad_option
from tidemill.connectors.datagen.randomness import Stream, uniform_int64
from tidemill.connectors.datagen.scalars import Clock, Generate
from tidemill.errors import ProjectError
from tidemill.interfaces.options import OptionType
from tidemill.model import DataType, TypeRoot

COLLECTION_LENGTH_DEFAULT = 3

_Maker = Callable[[DataType, str, FieldOptions, Stream], Generate]
_SCALARS: dict[TypeRoot, _Maker] = {
    **dict.fromkeys(
        (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT), scalars.integers
    ),
    **dict.fromkeys((TypeRoot.FLOAT, TypeRoot.DOUBLE), scalars.floats),
    **dict.fromkeys(
        (TypeRoot.CHAR, TypeRoot.VARCHAR, TypeRoot.BINARY, TypeRoot.VARBINARY), scalars.texts
    ),
    **dict.fromkeys(
        (TypeRoot.DATE, TypeRoot.TIME, TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ), scalars.times
    ),
    **dict.fromkeys((TypeRoot.INTERVAL_YEAR_MONTH, TypeRoot.INTERVAL_DAY_TIME), scalars.intervals),
    TypeRoot.DECIMAL: scalars.decimals,
    TypeRoot.BOOLEAN: scalars.booleans,
}
_SEQUENCE_ROOTS = frozenset(_SCALARS) - {
    TypeRoot.BOOLEAN, TypeRoot.DATE, TypeRoot.TIME, TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ,
    TypeRoot.INTERVAL_YEAR_MONTH, TypeRoot.INTERVAL_DAY_TIME,
}  # fmt: skip


def field_generator(
    type_: DataType, name: str, options: FieldOptions, seed: int
) -> tuple[Generate, int | None]:
    """The generator of a column, and how many rows it has (None: no end)."""
    kind = options.get(name, "kind", OptionType.STRING, "random").strip().lower()
    if kind == "sequence":
        return _sequence(type_, name, options)
    if kind != "random":
        raise bad_option(name, "kind", kind, "`random` or `sequence`")
    return _random(type_, name, options, seed), None


def _random(type_: DataType, path: str, options: FieldOptions, seed: int) -> Generate:
    maker = _SCALARS.get(type_.root)
    if maker is not None:
        inner = maker(type_, path, options, Stream.of(seed, path))
    elif type_.root is TypeRoot.ARRAY:
        inner = _array(type_, path, options, seed)
    elif type_.root in (TypeRoot.MAP, TypeRoot.MULTISET):
        inner = _map(type_, path, options, seed)
    elif type_.root is TypeRoot.ROW:
        inner = _row(type_, path, options, seed)
    else:
        raise ProjectError(
            f"the datagen connector cannot make values of type {type_.sql()} for `{path}`",
            code="connector.unsupported-type",
        )
    return _with_nulls(inner, type_, path, options, seed)


def _with_nulls(
    inner: Generate, type_: DataType, path: str, options: FieldOptions, seed: int
) -> Generate:
    rate = options.get(path, "null-rate", OptionType.DOUBLE, 0.0)
    if not 0.0 <= rate <= 1.0:
        raise bad_option(path, "null-rate", rate, "a number from 0 to 1")
    if rate == 0.0:
        return inner
    if not type_.nullable:
        raise bad_option(path, "null-rate", rate, "0, as the field is NOT NULL")
    stream, arrow = Stream.of(seed, path, "null"), type_.arrow()

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        present = pa.array(stream.fractions(start, count) >= rate)
        return pc.if_else(present, inner(start, count, clock), pa.scalar(None, arrow))

    return generate


def _sequence(type_: DataType, name: str, options: FieldOptions) -> tuple[Generate, int]:
    if type_.root not in _SEQUENCE_ROOTS:
        raise bad_option(name, "kind", "sequence", f"`random` for a field of type {type_.sql()}")
    first = options.get(name, "start", OptionType.LONG)
    last = options.get(name, "end", OptionType.LONG)
    for key, value in (("start", first), ("end", last)):
        if value is None:
            raise ProjectError(
                f"the sequence of `{name}` needs the option `fields.{name}.{key}`",
                code="connector.bad-option",
            )
    if last < first:
        raise bad_option(name, "end", last, f"a number of at least `start` ({first})")
    _sequence_fits(type_, name, first, last)

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        values = np.arange(first + start, first + start + count, dtype=np.int64)
        return _sequence_array(values, type_)

    return generate, last - first + 1


def _sequence_fits(type_: DataType, name: str, first: int, last: int) -> None:
    for key, value in (("start", first), ("end", last)):
        try:
            _sequence_array(np.array([value], dtype=np.int64), type_)
        except (pa.ArrowInvalid, OverflowError):
            raise bad_option(name, key, value, f"a value of the type {type_.sql()}") from None


def _sequence_array(values: np.ndarray, type_: DataType) -> pa.Array:
    if type_.root is TypeRoot.DECIMAL:
        return pa.array(values).cast(pa.decimal128(38, 0)).cast(type_.arrow())
    if type_.root in (TypeRoot.BINARY, TypeRoot.VARBINARY):
        return pa.array(values.astype(">i8").view("S8").tolist(), type_.arrow())
    return pa.array(values).cast(type_.arrow(), safe=type_.root is not TypeRoot.FLOAT)


def _collection_length(path: str, options: FieldOptions) -> int:
    length: int = options.get(path, "length", OptionType.INT, COLLECTION_LENGTH_DEFAULT)
    if length < 0:
        raise bad_option(path, "length", length, "a number of at least 0")
    return length


def _array(type_: DataType, path: str, options: FieldOptions, seed: int) -> Generate:
    assert type_.element is not None
    length = _collection_length(path, options)
    element = _random(type_.element, f"{path}.element", options, seed)

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        values = element(start * length, count * length, clock)
        offsets = pa.array(np.arange(count + 1, dtype=np.int32) * length)
        return pa.ListArray.from_arrays(offsets, values).cast(type_.arrow())

    return generate


def _map(type_: DataType, path: str, options: FieldOptions, seed: int) -> Generate:
    """MAP and MULTISET; a key drawn twice counts once, so a map may be shorter than `length`."""
    length = _collection_length(path, options)
    key_type = type_.key or type_.element
    assert key_type is not None
    part = "key" if type_.key is not None else "element"
    keys = _random(key_type.with_nullable(False), f"{path}.{part}", options, seed)
    if type_.value is not None:
        values = _random(type_.value, f"{path}.value", options, seed)
    else:
        counts = Stream.of(seed, path, "count")
        values = lambda start, count, clock: pa.array(  # noqa: E731
            uniform_int64(counts, start, count, 1, 10).astype(np.int32)
        )

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        key_array = keys(start * length, count * length, clock)
        value_array = values(start * length, count * length, clock)
        kept = _first_of_each(key_array, count, length)
        sizes = np.bincount(kept // length, minlength=count) if length else np.zeros(count, int)
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
        indices = pa.array(kept)
        return pa.MapArray.from_arrays(
            pa.array(offsets), key_array.take(indices), value_array.take(indices)
        ).cast(type_.arrow())

    return generate


def _first_of_each(keys: pa.Array, count: int, length: int) -> np.ndarray:
    """Indices of the first occurrence of each key within its row, ascending."""
    if pa.types.is_nested(keys.type):
        texts = [repr(v) for v in keys.to_pylist()]
        keys = pa.array(texts, pa.string())
    codes = keys.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.repeat(np.arange(count, dtype=np.int64), length)
    _, first = np.unique(rows * (codes.max(initial=0) + 1) + codes, return_index=True)
    return np.sort(first)


def _row(type_: DataType, path: str, options: FieldOptions, seed: int) -> Generate:
    parts = [
        (field, _random(field.type, f"{path}.{field.name}", options, seed))
        for field in type_.fields
    ]

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        arrays = [part(start, count, clock) for _, part in parts]
        return pa.StructArray.from_arrays(arrays, fields=list(type_.arrow()))

    return generate
