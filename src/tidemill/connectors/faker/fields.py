"""The generator of a field: its expression as its type, with NULLs and with parts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.datagen.randomness import Stream
from tidemill.connectors.datagen.scalars import Clock, Generate
from tidemill.connectors.faker.expressions import ProviderCall, parse_expression
from tidemill.connectors.faker.providers import text_generator
from tidemill.connectors.faker.texts import constant, joined
from tidemill.connectors.faker.times import time_generator
from tidemill.errors import ProjectError, did_you_mean
from tidemill.interfaces.options import Option, OptionType, parse_value
from tidemill.model import DataType, TypeRoot

_TIMES = (TypeRoot.DATE, TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)
_SCALARS = (
    TypeRoot.CHAR, TypeRoot.VARCHAR, TypeRoot.BOOLEAN, TypeRoot.TINYINT, TypeRoot.SMALLINT,
    TypeRoot.INTEGER, TypeRoot.BIGINT, TypeRoot.FLOAT, TypeRoot.DOUBLE, TypeRoot.DECIMAL,
)  # fmt: skip


class Expressions:
    """The texts under `fields.`; knows which of them some field has asked for."""

    def __init__(self, texts: Mapping[str, str], seed: int) -> None:
        self.seed = seed
        self._texts = dict(texts)
        self._asked: set[str] = set()

    def text(self, path: str) -> str:
        """The expression of a field; ProjectError where it has none."""
        key = f"{path}.expression"
        self._asked.add(key)
        if key not in self._texts:
            raise ProjectError(
                f"the faker connector needs the option `fields.{key}`",
                code="project.missing-option",
                hint=f"Add 'fields.{key}' = '#{{Name.fullName}}', or another expression.",
            )
        return self._texts[key]

    def option(self, path: str, name: str, type_: OptionType, default: float) -> float:
        """A number beside an expression."""
        key = f"{path}.{name}"
        self._asked.add(key)
        if key not in self._texts:
            return default
        value: float = parse_value(Option(f"fields.{key}", type_, ""), self._texts[key])
        if not 0 <= value <= (1 if name == "null-rate" else 1000):
            raise ProjectError(
                f"option `fields.{key}` takes a number from 0 to "
                f"{1 if name == 'null-rate' else 1000}, not `{self._texts[key]}`",
                code="connector.bad-option",
            )
        return value

    def refuse_leftovers(self) -> None:
        """Raise for the first option that no field has asked for."""
        for key in self._texts:
            if key not in self._asked:
                raise ProjectError(
                    f"the faker connector has no use for the option `fields.{key}`",
                    code="connector.bad-option",
                    hint=did_you_mean(key, self._asked)
                    or "It names no field of the table, or one whose type has no such option.",
                )


def field_generator(type_: DataType, path: str, given: Expressions) -> Generate:
    """The generator of a field and its parts."""
    if type_.root is TypeRoot.ROW:
        inner = _row(type_, path, given)
    elif type_.root is TypeRoot.ARRAY:
        assert type_.element is not None
        items = _scalar(type_.element, path, given)
        inner = _array(items, type_.arrow(), int(given.option(path, "length", OptionType.INT, 1)))
    elif type_.root is TypeRoot.MAP:
        inner = _map(type_, path, given)
    else:
        inner = _scalar(type_, path, given)
    rate = given.option(path, "null-rate", OptionType.DOUBLE, 0.0)
    if not rate:
        return inner
    if not type_.nullable:
        raise ProjectError(
            f"option `fields.{path}.null-rate` is above 0, and the field is NOT NULL",
            code="connector.bad-option",
        )
    stream, none = Stream.of(given.seed, path, "null"), pa.scalar(None, type_.arrow())

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        there = pa.array(stream.fractions(start, count) >= rate)
        return pc.if_else(there, inner(start, count, clock), none)

    return generate


def _scalar(type_: DataType, path: str, given: Expressions) -> Generate:
    text = given.text(path)
    try:
        parts = parse_expression(text)
        if type_.root in _TIMES:
            return _time(type_, parts, given.seed, path)
        if type_.root not in _SCALARS:
            raise ValueError(f"the faker connector makes no values of type {type_.sql()}")
        made = [
            constant(part)
            if isinstance(part, str)
            else text_generator(part, given.seed, f"{path}.{place}")
            for place, part in enumerate(parts)
        ]
    except ValueError as error:
        raise ProjectError(
            f"option `fields.{path}.expression` cannot be `{text}`",
            code="connector.bad-option",
            detail=f"{str(error)[:1].upper()}{str(error)[1:]}.",
        ) from None
    texts = joined(made)
    return texts if type_.is_string else _as_type(texts, type_, path)


def _as_type(texts: Generate, type_: DataType, path: str) -> Generate:
    """The texts read as numbers or booleans; what the first of them shows is checked at once."""
    arrow = type_.arrow()

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        made = texts(start, count, clock)
        if pa.types.is_integer(arrow) or pa.types.is_boolean(arrow):
            return made.cast(arrow)
        if pa.types.is_decimal(arrow):
            rounded = pc.round(made.cast(pa.decimal128(38, 12)), type_.scale or 0)
            return rounded.cast(arrow, safe=False)
        return made.cast(pa.float64()).cast(arrow)

    try:
        generate(0, 8, Clock(0))
    except pa.ArrowInvalid as error:
        raise ProjectError(
            f"the expression of `{path}` gives no {type_.sql()}",
            code="connector.bad-option",
            detail=str(error),
        ) from None
    return generate


def _time(type_: DataType, parts: list[str | ProviderCall], seed: int, path: str) -> Generate:
    (only, *more) = parts or [""]
    made = None
    if isinstance(only, ProviderCall) and not more:
        made = time_generator(only, Stream.of(seed, path))
    if made is None:
        raise ValueError(
            f"a {type_.sql()} is made by `date.past`, `date.future` or `date.birthday` alone"
        )
    arrow, instants = type_.arrow(), made

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        micros = instants(start, count, clock).cast(pa.timestamp("us"))
        if pa.types.is_date(arrow):
            return micros.cast(arrow, safe=False)
        unit = pa.timestamp(arrow.unit)
        return micros.cast(unit, safe=False).view(pa.int64()).view(arrow)

    return generate


def _row(type_: DataType, path: str, given: Expressions) -> Generate:
    makers = [field_generator(f.type, f"{path}.{f.name}", given) for f in type_.fields]
    fields = list(type_.arrow())

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        parts = [make(start, count, clock) for make in makers]
        return pa.StructArray.from_arrays(parts, fields=fields)

    return generate


def _array(items: Generate, arrow: pa.DataType, length: int) -> Generate:
    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        offsets = pa.array(np.arange(count + 1, dtype=np.int32) * length)
        values = items(start * length, count * length, clock)
        return pa.ListArray.from_arrays(offsets, values, type=arrow)

    return generate


def _map(type_: DataType, path: str, given: Expressions) -> Generate:
    assert type_.key is not None
    assert type_.value is not None
    keys = _scalar(type_.key, f"{path}.key", given)
    values = _scalar(type_.value, f"{path}.value", given)
    length, arrow = int(given.option(path, "length", OptionType.INT, 1)), type_.arrow()

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        offsets = np.arange(count + 1, dtype=np.int32) * length
        made = [make(start * length, count * length, clock) for make in (keys, values)]
        return pa.MapArray.from_arrays(pa.array(offsets), *made, type=arrow)

    return generate
