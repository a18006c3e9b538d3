"""Texts and numbers in other writings: hexadecimal, base 64, character sets."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import error, fn, template, text
from tidemill.plan.lowering.core import Lowered, Lowering

_BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?"


def _of(source: str) -> Lowering:
    """A template over the one argument."""
    return lambda c: template(source, v=c.args[0])


def _bytes(c: Lowered) -> exp.Expression:
    return fn("encode", c.args[0]) if c.type_of(0).is_string else c.args[0]


def _from_base64(c: Lowered) -> exp.Expression:
    """The last = may be missing; anything that is no base 64 fails the row."""
    failure = error("engine.invalid-argument", "FROM_BASE64 takes no text such as", c.args[0])
    return template(
        "CASE WHEN regexp_full_match(:v, :shape) "
        "THEN decode(from_base64(rpad(:v, CAST((length(:v) + 3) // 4 * 4 AS INTEGER), '='))) "
        "WHEN :v IS NOT NULL THEN :failure END",
        v=c.args[0],
        shape=text(_BASE64),
        failure=failure,
    )


def _unhex(c: Lowered) -> exp.Expression:
    """Of an odd number of digits the first only counts as a byte 0, as Flink has it."""
    return template(
        "CASE WHEN regexp_full_match(:v, '[0-9a-fA-F]*') THEN "
        "unhex(CASE WHEN length(:v) % 2 = 1 THEN '00' || substring(:v, 2) ELSE :v END) END",
        v=c.args[0],
    )


def decode_utf8(value: exp.Expression) -> exp.Expression:
    """Bytes as text; what is no UTF-8 becomes U+FFFD."""
    slow = fn("flink_decode", value, text("UTF-8"))
    return template("COALESCE(TRY(decode(:v)), :slow)", v=value, slow=slow)


def _encode(c: Lowered) -> exp.Expression:
    if c.constant(1) == "UTF-8":
        return fn("encode", c.args[0])
    return fn("flink_encode", *c.args)


def _decode(c: Lowered) -> exp.Expression:
    if c.constant(1) == "UTF-8":
        return decode_utf8(c.args[0])
    return fn("flink_decode", *c.args)


LOWERINGS: Mapping[str, Lowering] = {
    "ASCII": _of(
        "CASE WHEN :v = '' THEN 0 "
        "ELSE (CAST('0x' || left(hex(:v), 2) AS INTEGER) + 128) % 256 - 128 END"
    ),
    "CHR": _of(
        "CASE WHEN :v < 0 THEN '' WHEN :v IS NOT NULL THEN chr(CAST(:v % 256 AS INTEGER)) END"
    ),
    "TO_BASE64": lambda c: fn("base64", _bytes(c)),
    "FROM_BASE64": _from_base64,
    "HEX": _of("hex(:v)"),
    "UNHEX": _unhex,
    "BIN": _of("bin(:v)"),
    "ENCODE": _encode,
    "DECODE": _decode,
}
