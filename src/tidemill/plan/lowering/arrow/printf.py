"""PRINTF as `java.util.Formatter` in Locale.US; what it refuses is NULL, as in Flink."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
import pyarrow as pa

from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError, per_value
from tidemill.records import dataclass

_SPEC = re.compile(
    r"%(?:(?P<index>\d+)\$)?(?P<flags>[-#+ 0,(<]*)(?P<width>\d+)?(?:\.(?P<precision>\d+))?"
    r"(?P<date>[tT])?(?P<conversion>[a-zA-Z%])",
    re.ASCII,
)
_BITS = {"b": 8, "s": 16, "i": 32, "l": 64}
_FOLLOWED = "bBcCdoxXeEfsSn%"
_WIDE = Context(prec=1000)


class _IllegalError(Exception):
    """Java's Formatter throws."""


@dataclass(frozen=True, slots=True)
class _Spec:
    conversion: str
    flags: str
    width: int | None
    precision: int | None

    def padded(self, text: str) -> str:
        """The text on its side of the width; capitals where the conversion is one."""
        if self.conversion.isupper():
            text = text.upper()
        width = self.width or 0
        return text.ljust(width) if "-" in self.flags else text.rjust(width)


def _printf(format_: str, values: Sequence[str | None], kinds: str) -> str | None:
    """`kinds` has a letter per value: b s i l integers, f FLOAT, d DOUBLE, ? BOOLEAN, n, t."""
    try:
        return _formatted(format_, values, kinds)
    except _IllegalError:
        return None


def _formatted(format_: str, values: Sequence[str | None], kinds: str) -> str:
    done, index, next_ = "", 0, 0
    while (at := format_.find("%", index)) >= 0:
        found = _SPEC.match(format_, at)
        if found is None:
            raise _IllegalError
        done += format_[index:at]
        index = found.end()
        spec = _spec(found)
        if spec.conversion in "n%":
            done += "\n" if spec.conversion == "n" else spec.padded("%")
            continue
        place = int(found["index"]) - 1 if found["index"] else next_
        next_ += not found["index"]
        if not 0 <= place < len(values):
            raise _IllegalError
        done += _one(spec, values[place], kinds[place])
    return done + format_[index:]


def _spec(found: re.Match[str]) -> _Spec:
    flags, conversion = found["flags"], found["conversion"]
    if found["date"] or conversion in "aAgGhH" or set(flags) & set("#(<"):
        raise BadValueError(f"PRINTF does not follow {found[0]!r}")
    if conversion not in _FOLLOWED or len(set(flags)) < len(flags):
        raise _IllegalError
    width = int(found["width"]) if found["width"] else None
    precision = int(found["precision"]) if found["precision"] else None
    bad = (
        ("-" in flags and "0" in flags)
        or ("+" in flags and " " in flags)
        or (width is None and set(flags) & set("-0"))
        or (precision is not None and conversion in "cCdoxXn%")
        or (set(flags) - set("-") and conversion in "bBcCsS%")
        or (set(flags) - set("-0") and conversion in "oxX")
        or ("," in flags and conversion in "eE")
        or (conversion == "n" and (flags or width))
    )
    if bad:
        raise _IllegalError
    return _Spec(conversion, flags, width, precision)


def _one(spec: _Spec, value: str | None, kind: str) -> str:
    lower = spec.conversion.lower()
    if lower == "b":
        truth = value is not None and (value == "TRUE" if kind == "?" else True)
        return spec.padded(_cut("true" if truth else "false", spec))
    if value is None:
        return spec.padded(_cut("null", spec))
    if lower == "s":
        shown = value.lower() if kind == "?" else value
        return spec.padded(_cut(shown, spec))
    if lower == "c":
        if kind not in "bsi" or not 0 <= int(value) <= 0x10FFFF:
            raise _IllegalError
        return spec.padded(chr(int(value)))
    if lower in "dox":
        return _whole(spec, value, kind)
    if kind not in "fd":
        raise _IllegalError
    return _fraction(spec, float(np.float32(value)) if kind == "f" else float(value))


def _cut(text: str, spec: _Spec) -> str:
    if spec.precision is None:
        return text
    if not text.isascii():
        raise BadValueError("PRINTF cannot cut such a text")
    return text[: spec.precision]


def _whole(spec: _Spec, value: str, kind: str) -> str:
    if kind not in _BITS:
        raise _IllegalError
    number = int(value)
    if spec.conversion == "d":
        digits = f"{abs(number):,}" if "," in spec.flags else str(abs(number))
        return _signed(spec, number < 0, digits)
    digits = format(number % (1 << _BITS[kind]), spec.conversion.lower())
    return spec.padded(digits.zfill(spec.width or 0) if "0" in spec.flags else digits)


def _signed(spec: _Spec, negative: bool, digits: str) -> str:
    sign = "-" if negative else "+" if "+" in spec.flags else " " if " " in spec.flags else ""
    if "0" in spec.flags:
        digits = digits.zfill((spec.width or 0) - len(sign))
    return spec.padded(sign + digits)


def _fraction(spec: _Spec, number: float) -> str:
    if number != number or number in (float("inf"), float("-inf")):
        plain = _Spec(spec.conversion, spec.flags.replace("0", ""), spec.width, None)
        shown = "NaN" if number != number else "Infinity"
        return plain.padded(shown) if number != number else _signed(plain, number < 0, shown)
    places = 6 if spec.precision is None else spec.precision
    exact = abs(Decimal(repr(number)))
    negative = repr(number).startswith("-")
    if spec.conversion == "f":
        rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)
        digits = format(rounded, ",f") if "," in spec.flags else format(rounded, "f")
        return _signed(spec, negative, digits)
    exponent = exact.adjusted() if exact else 0
    mantissa = exact.scaleb(-exponent).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)
    if mantissa >= 10:
        exponent, mantissa = exponent + 1, mantissa.scaleb(-1).quantize(Decimal(1).scaleb(-places))
    return _signed(
        spec, negative, f"{mantissa:f}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    )


def _nullable(format_: str | None, values: Sequence[str | None], kinds: str) -> str | None:
    return None if format_ is None else _printf(format_, values, kinds)


FUNCTIONS: ArrowTable = {
    "flink_printf": ArrowFunction(
        ("VARCHAR", "VARCHAR[]", "VARCHAR"),
        "VARCHAR",
        per_value(_nullable, pa.string(), nulls=True),
    ),
}
