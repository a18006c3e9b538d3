"""Numbers and strings as Java and Jackson write them.

Guarantees: `double_text` and `float_text` give what `Double.toString` and `Float.toString` give on
Java 19 and later: the shortest digits that read back as the same value, plain between 10^-3 and
10^7, else as `1.0E10`. Java 17 writes a few values with a digit more (JDK-4511638). `decimal_text`
is `BigDecimal.toString` after `stripTrailingZeros`, which is how Jackson writes decimals.
"""

from __future__ import annotations

import decimal
from decimal import Decimal

import numpy as np

_WIDE = decimal.Context(prec=100, rounding=decimal.ROUND_HALF_UP, Emax=999_999, Emin=-999_999)

_ESCAPES = {chr(code): f"\\u{code:04X}" for code in range(0x20)} | {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_ESCAPE_TABLE = str.maketrans(_ESCAPES)


def double_text(value: float) -> str:
    """`Double.toString(value)`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    two_digits = f"{value:.1e}"  # Java takes the nearest of two digits where one would do
    return _scientific(two_digits if float(two_digits) == value else repr(value))


def float_text(value: float) -> str:
    """`Float.toString` of a value that is a 32-bit float."""
    single = np.float32(value)
    if not np.isfinite(single):
        return double_text(float(single))
    if single == 0 or 1e-3 <= abs(single) < 1e7:
        return np.format_float_positional(single, unique=True, trim="0")
    two_digits = f"{value:.1e}"  # as above: `Float.MIN_VALUE` is 1.4E-45
    if np.float32(two_digits) == single:
        return _scientific(two_digits)
    return _scientific(np.format_float_scientific(single, unique=True))


def _scientific(text: str) -> str:
    sign, digits, exponent = Decimal(text).as_tuple()
    figures = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + int(exponent)
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def decimal_text(value: Decimal, plain: bool = False) -> str:
    """A decimal without trailing zeros; scientific where Java's `toString` is, unless `plain`."""
    if value == 0:
        return "0"
    stripped = value.normalize(_WIDE)
    return f"{stripped:f}" if plain else str(stripped)


def round_half_up(value: Decimal, precision: int, scale: int) -> Decimal | None:
    """`DecimalData.fromBigDecimal`: rounded to the scale; None where the precision is exceeded."""
    if value.adjusted() > precision - scale:
        return None
    rounded = value.quantize(Decimal(1).scaleb(-scale), context=_WIDE)
    return None if rounded != 0 and rounded.adjusted() >= precision - scale else rounded


def json_string(text: str) -> str:
    """The text as a JSON string, escaped as Jackson does by default."""
    return f'"{text.translate(_ESCAPE_TABLE)}"'
