"""How one column's values get from JSON into Arrow: the base of the codecs, and the scalars.

A value is first *taken* from its message, by msgspec (fast, strict) or from a tree of `nodes`
(slow, with Flink's leniency); both give the same carrier: int, float, bool, str, Decimal. Then the
carriers of a whole batch become one Arrow array. What cannot be read raises `MismatchError` when
taken, or is reported by its index when made into Arrow.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.formats.common import temporal
from tidemill.formats.common.java_text import round_half_up
from tidemill.formats.json import nodes
from tidemill.formats.json.options import DecodeRules
from tidemill.model import DataType

Errors = dict[int, str]
"""What went wrong, by the index of the value."""


class MismatchError(ValueError):
    """A JSON value that cannot be read as the column's type; the text says what was expected."""


def shown(node: Any) -> str:
    """The value for a message, cut to a readable length."""
    text = nodes.tree_text(node, decimals=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Codec:
    """The way of one type. `carrier` is what msgspec decodes into (never None)."""

    carrier: Any

    def __init__(self, type_: DataType, rules: DecodeRules) -> None:
        self.type = type_
        self.rules = rules
        self.arrow_type = type_.arrow()

    def take(self, node: Any) -> Any:
        """The carrier of a node; NULL stays None; with `ignore-parse-errors` a mismatch is None."""
        if node is None:
            return None
        try:
            return self.convert(node)
        except (ValueError, InvalidOperation, OverflowError, RecursionError) as error:
            if self.rules.ignore_errors:
                return None
            if isinstance(error, MismatchError):
                raise
            raise MismatchError(f"{shown(node)} is not {self.type.sql()}") from None

    def convert(self, node: Any) -> Any:
        """The carrier of a node that is not None; ValueError where it cannot be."""
        raise NotImplementedError

    def arrow(self, values: list[Any]) -> tuple[pa.Array, Errors]:
        """The carriers as an Arrow array; those that cannot be are NULL and reported."""
        return pa.array(values, self.arrow_type), {}

    def convert_each(
        self, values: Sequence[Any], convert: Callable[[Any], Any], arrow_type: pa.DataType
    ) -> tuple[pa.Array, Errors]:
        """Convert value by value, gathering errors."""
        out: list[Any] = []
        errors: Errors = {}
        for index, value in enumerate(values):
            try:
                out.append(None if value is None else convert(value))
            except (ValueError, InvalidOperation, OverflowError) as error:
                out.append(None)
                if not self.rules.ignore_errors:
                    errors[index] = f"`{str(value)[:60]}` is not {self.type.sql()}: {error}"
        return pa.array(out, arrow_type), errors


def trimmed(node: Any) -> str:
    """The text of a scalar without blanks around, as Java's `trim` leaves it."""
    if nodes.is_container(node):
        raise ValueError("an object or array")
    text = nodes.scalar_text(node)
    if len(text) > nodes.NUMBER_LENGTH_MAX and not nodes.is_string(node):
        raise ValueError("a number of too many digits")
    return text.strip("".join(map(chr, range(33))))


class BooleanCodec(Codec):
    """BOOLEAN: true and false; of text, `true` in any case is true and all else false."""

    carrier = bool

    def convert(self, node: Any) -> bool:
        """See the class."""
        if isinstance(node, bool):
            return node
        if nodes.is_container(node) and self.rules.tree:
            return False
        return trimmed(node).lower() == "true"


class IntegerCodec(Codec):
    """TINYINT to BIGINT: whole numbers in range; INT and BIGINT cut fractions off."""

    _WHOLE: ClassVar = re.compile(r"[+-]?\d+")

    def __init__(self, type_: DataType, rules: DecodeRules, bits: int) -> None:
        super().__init__(type_, rules)
        self.low, self.high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        self.cuts = bits >= 32
        self.carrier = Annotated[int, msgspec.Meta(ge=self.low, le=self.high)]

    def convert(self, node: Any) -> int:
        """See the class."""
        text = trimmed(node)
        if self.cuts and isinstance(node, nodes.FractionText):
            exact = Decimal(text)
            if exact.adjusted() > 20:
                raise ValueError("out of range")
            value = int(exact)
        elif self._WHOLE.fullmatch(text):
            value = int(text)
        else:
            raise ValueError("not a whole number")
        if not self.low <= value <= self.high:
            raise ValueError("out of range")
        return value


class ApproximateCodec(Codec):
    """FLOAT and DOUBLE: numbers, and text that `Double.parseDouble` reads."""

    carrier = float
    _TEXT: ClassVar = re.compile(
        r"[+-]?(NaN|Infinity|((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)[fFdD]?)", re.ASCII
    )

    def convert(self, node: Any) -> float:
        """See the class."""
        text = trimmed(node)
        if not self._TEXT.fullmatch(text):
            raise ValueError("not a number")
        return float(text.rstrip("fFdD") if text[-1] in "fFdD" else text)


class TextCodec(Codec):
    """CHAR and VARCHAR: text; numbers as written, objects and arrays as compact JSON."""

    carrier = str

    def convert(self, node: Any) -> str:
        """See the class."""
        if nodes.is_container(node):
            return nodes.clean(nodes.tree_text(node, self.rules.decimals))
        if self.rules.tree and not isinstance(node, bool) and not nodes.is_string(node):
            return nodes.number_text(node, self.rules.decimals)
        return nodes.clean(nodes.scalar_text(node))


class DecimalCodec(Codec):
    """DECIMAL: rounded half up to the scale; NULL where the precision is exceeded (as Flink)."""

    carrier = Decimal
    _TEXT: ClassVar = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

    def convert(self, node: Any) -> Decimal:
        """See the class."""
        text = nodes.scalar_text(node) if self.rules.tree else trimmed(node)
        if nodes.is_container(node) or not self._TEXT.fullmatch(text):
            raise ValueError("not a decimal")
        return Decimal(text)

    def arrow(self, values: list[Any]) -> tuple[pa.Array, Errors]:
        """See the class."""
        precision, scale = self.type.precision or 10, self.type.scale or 0

        def fit(value: Decimal) -> Decimal | None:
            if not value.is_finite():
                raise ValueError("not finite")
            return round_half_up(value, precision, scale)

        return self.convert_each(values, fit, self.arrow_type)


class BinaryCodec(Codec):
    """BINARY and VARBINARY: base64 text with padding."""

    carrier = str

    def convert(self, node: Any) -> str | None:
        """See the class."""
        if not nodes.is_string(node):
            if self.rules.tree:
                return None
            raise ValueError("not base64 text")
        return str(node)

    def arrow(self, values: list[Any]) -> tuple[pa.Array, Errors]:
        """See the class."""

        def unpack(text: str) -> bytes:
            return base64.b64decode(text.strip(" \t\r\n").encode("ascii"), validate=True)

        return self.convert_each(values, unpack, self.arrow_type)


class TemporalCodec(Codec):
    """DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ as text.

    `parse` gives Arrow's integer of one text; `pattern` is what Arrow's own parser surely reads
    in the same way, so that a whole column can go through it.
    """

    carrier = str

    def __init__(
        self,
        type_: DataType,
        rules: DecodeRules,
        parse: Callable[[str], int],
        pattern: str | None = None,
    ) -> None:
        super().__init__(type_, rules)
        self.parse = parse
        self.pattern = pattern

    def convert(self, node: Any) -> str:
        """See the class."""
        if nodes.is_container(node):
            raise ValueError("an object or array")
        return nodes.clean(nodes.scalar_text(node))

    def arrow(self, values: list[Any]) -> tuple[pa.Array, Errors]:
        """See the class."""
        if self.pattern is not None:
            texts = pa.array(values, pa.string())
            if pc.all(pc.match_substring_regex(texts, self.pattern)).as_py() is not False:
                try:
                    return pc.cast(texts, self.arrow_type), {}
                except pa.ArrowInvalid:
                    pass
        width = pa.int32() if self.arrow_type.bit_width == 32 else pa.int64()
        integers, errors = self.convert_each(values, self.parse, width)
        return integers.view(self.arrow_type), errors


def timestamp_codec(type_: DataType, rules: DecodeRules, utc: bool) -> TemporalCodec:
    """The codec of TIMESTAMP, or with `utc` of TIMESTAMP_LTZ."""
    rule = temporal.TimestampRule(rules.iso, utc)
    unit = str(type_.arrow().unit)
    digits = 6 if unit == "us" else 9
    pattern = (
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}" + ("T" if rules.iso else " ") + r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
        r"(\.[0-9]{1," + str(digits) + r"})?" + ("Z" if utc else "") + "$"
    )  # fmt: skip
    return TemporalCodec(
        type_, rules, lambda text: temporal.parse_timestamp(text, rule, unit), pattern
    )
