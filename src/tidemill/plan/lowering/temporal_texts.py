"""Temporal functions that read or write texts, or numbers of seconds."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants
from tidemill.plan.lowering.build import cast, fn, number, template, text
from tidemill.plan.lowering.casts import required
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.plan.lowering.from_text import parse_date, parse_lenient, parse_timestamp
from tidemill.sql.functions.patterns import FORMATS, PARSES, date_pattern_parts, pattern_is_padded

_STAMP_3 = DataType(TypeRoot.TIMESTAMP, precision=3)
_DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss"
_LEAST_MILLIS, _MOST_MILLIS = -62167219200000, 253402300799999


def _strftime(value: exp.Expression, pattern: str) -> exp.Expression:
    """A Java pattern over a timestamp; its letters are known, the declaration has seen to it."""
    written = "".join(
        FORMATS[part] if kind == "letters" else part.replace("%", "%%")
        for kind, part in date_pattern_parts(pattern)
    )
    return fn("strftime", value, text(written))


def _date_format(c: Lowered) -> exp.Expression:
    if c.type_of(0).is_string:
        return fn("flink_reformat_date", *c.args)
    return _strftime(instants.to_local(c.args[0], c.type_of(0), c.time_zone), str(c.constant(1)))


def _strptime(value: exp.Expression, pattern: str) -> exp.Expression:
    """The timestamp in a text of exactly this pattern, or NULL.

    What the pattern lacks is that of 1970-01-01. A day beyond its month's end is the month's last.
    """
    before, day, after, reader = "", "", "", ""
    for kind, part in date_pattern_parts(pattern):
        shape = PARSES[part][0] if kind == "letters" else _literally(part)
        reader += PARSES[part][1] if kind == "letters" else part.replace("%", "%%")
        if kind == "letters" and part in ("d", "dd"):
            day = shape
        elif day:
            after += shape
        else:
            before += shape
    prefix = "" if "%Y" in reader else "1970 "
    reader = reader if "%Y" in reader else f"%Y {reader}"
    first_of_month = fn(
        "regexp_replace", value, text(f"^({before}){day}({after})$"), text(r"\101\2")
    )
    parsed = _read(value, prefix, reader)
    start = _read(first_of_month, prefix, reader)
    number_of_day = fn(
        "regexp_extract", value, text(f"^{before}({day}){after}$"), exp.Literal.number("1")
    )
    last = template("last_day(CAST(:s AS DATE)) - CAST(:s AS DATE)", s=start)
    clamped = template(
        "CASE WHEN TRY_CAST(:n AS INTEGER) BETWEEN 29 AND 31 "
        "THEN :start + to_days(CAST(:last AS INTEGER)) END",
        n=number_of_day,
        start=start,
        last=last,
    )
    return template(
        "CASE WHEN regexp_full_match(:v, :shape) THEN :parsed END",
        v=value,
        shape=text(before + day + after),
        parsed=fn("coalesce", parsed, clamped) if day else parsed,
    )


def _literally(text_: str) -> str:
    return "".join(f"[{c}]" if c not in "^\\]" else f"\\{c}" for c in text_)


def _read(value: exp.Expression, prefix: str, reader: str) -> exp.Expression:
    if prefix:
        value = template(":prefix || :v", prefix=text(prefix), v=value)
    return fn("try_strptime", value, text(reader))


def _to_timestamp(c: Lowered) -> exp.Expression:
    """With a pattern: texts that do not fit it may still be `2020-1-2` or `2020-1-2 3:4:5`."""
    pattern = c.constant(1) if len(c.args) > 1 else None
    plain = parse_timestamp(c.args[0], _STAMP_3)
    if pattern is None:
        return plain
    parsed = instants.truncate(_strptime(c.args[0], str(pattern)), 3)
    return fn("coalesce", parsed, parse_lenient(c.args[0]))


def _to_date(c: Lowered) -> exp.Expression:
    """With a pattern, a text that does not fit it fails the row: Flink gives a senseless date."""
    value = c.args[0]
    if len(c.args) == 1:
        return parse_date(value)
    pattern = str(c.constant(1))
    days = fn("flink_to_date", value, c.args[1])
    slow = template("DATE '1970-01-01' + :days", days=days)
    quick = cast(_exactly(value, pattern), "DATE") if _is_plain(pattern) else None
    parsed = slow if quick is None else fn("coalesce", quick, slow)
    return required(cast(parsed, "DATE"), value, c.type)


_PLAIN = ("yyyy", "MM", "dd", "HH", "mm", "ss", "SSS")


def _is_plain(pattern: str) -> bool:
    """Whether each text of the pattern is written in one way, the same for DuckDB and Java."""
    return pattern_is_padded(pattern) and all(
        kind == "text" or part in _PLAIN for kind, part in date_pattern_parts(pattern)
    )


def _exactly(value: exp.Expression, pattern: str) -> exp.Expression:
    """The timestamp of a text that the pattern would write just so, else NULL."""
    parsed = _strptime(value, pattern)
    written = _strftime(parsed, pattern)
    return template("CASE WHEN :w = :v THEN :p END", w=written, v=value, p=parsed)


def _to_timestamp_ltz(c: Lowered) -> exp.Expression:
    """From units of 10^-precision seconds of the epoch; outside the years 0 to 9999 NULL."""
    value = c.args[0]
    if c.type_of(0).is_string:
        # Without a zone it is UTC, whatever the session's zone is.
        zone = str(c.constant(2)) if len(c.args) == 3 else "UTC"
        parsed = instants.from_local(_to_timestamp(c), _STAMP_3, zone)
        return required(parsed, value, c.type) if len(c.args) == 1 else parsed
    precision = c.constant(1)
    assert isinstance(precision, int)
    root = c.type_of(0).root
    scale = 10 ** max(0, precision - 3)
    least = number(_LEAST_MILLIS // 1000 if precision == 0 else _LEAST_MILLIS * scale)
    most = number(_MOST_MILLIS // 1000 if precision == 0 else _MOST_MILLIS * scale)
    units = value
    if root is TypeRoot.DECIMAL:
        units = cast(fn("trunc", value), "BIGINT", safe=True)
    elif root is not TypeRoot.BIGINT:
        lifted = template(":v * 1000", v=value) if precision == 0 else value
        units = cast(fn("floor", lifted), "BIGINT")
        precision = 3
    if precision > 6:
        made = fn("make_timestamp_ns", units)
        made = instants.from_local(made, c.type, "UTC")
    else:
        micros = template(":u * :k", u=units, k=number(10 ** (6 - precision)))
        made = fn("make_timestamptz", micros)
    return template(
        "CASE WHEN :v BETWEEN :least AND :most THEN :made END",
        v=value,
        least=least,
        most=most,
        made=made,
    )


def _from_unixtime(c: Lowered) -> exp.Expression:
    pattern = str(c.constant(1)) if len(c.args) == 2 else _DEFAULT_PATTERN
    instant = DataType(TypeRoot.TIMESTAMP_LTZ, precision=3)
    stamp = template("make_timestamptz(:v * 1000000)", v=c.args[0])
    return _strftime(instants.to_local(stamp, instant, c.time_zone), pattern)


def _unix_timestamp(c: Lowered) -> exp.Expression:
    """Seconds of the epoch: of now, or of a wall time in a text; else the least BIGINT."""
    if not c.args:
        return template("epoch_ms(now()) // 1000")
    value = c.args[0]
    pattern = str(c.constant(1)) if len(c.args) == 2 else _DEFAULT_PATTERN
    slow = fn("flink_unix_timestamp", value, text(pattern), text(c.time_zone))
    if not _is_plain(pattern) or c.time_zone != "UTC":
        return slow
    quick = template("epoch_ms(:p) // 1000", p=_exactly(value, pattern))
    return fn("coalesce", quick, slow)


LOWERINGS: Mapping[str, Lowering] = {
    "DATE_FORMAT": _date_format,
    "TO_TIMESTAMP": _to_timestamp,
    "TO_DATE": _to_date,
    "TO_TIMESTAMP_LTZ": _to_timestamp_ltz,
    "FROM_UNIXTIME": _from_unixtime,
    "UNIX_TIMESTAMP": _unix_timestamp,
    "CONVERT_TZ": lambda c: fn("flink_convert_tz", *c.args),
}
