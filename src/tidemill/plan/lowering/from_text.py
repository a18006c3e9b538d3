"""Text to numbers, booleans and points in time; a text that does not fit gives NULL."""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.plan.lowering import instants
from tidemill.plan.lowering.build import cast, duckdb_type, fn, template, text

_WHOLE = r"[+-]?[0-9]+"
_WITH_POINT = r"[+-]?[0-9]*\.[0-9]*"
_APPROXIMATE = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_JAVA_SUFFIX = "[dDfF]?"
_STAMP = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{0,9})?)?"
_DATE = r" *([0-9]+) *(?:- *([0-9]+) *)?(?:- *([0-9]+) *)?"
_SHORT_DECIMAL = 18
_ODD_END = r"[\x00-\x1F!-/:-\x7F]$"
"""One ASCII character that is neither a digit nor a blank."""


def parse_text(value: exp.Expression, target: DataType, time_zone: str) -> exp.Expression:
    """The value in a text, or NULL."""
    root = target.root
    if root is TypeRoot.BOOLEAN:
        return _boolean(value)
    if target.is_integer:
        return _integer(value, duckdb_type(target))
    if root is TypeRoot.DECIMAL:
        return _decimal(value, target)
    if root in (TypeRoot.FLOAT, TypeRoot.DOUBLE):
        return _approximate(value, duckdb_type(target))
    if root is TypeRoot.DATE:
        return parse_date(value)
    if root is TypeRoot.TIME:
        return _time(value)
    local = DataType(TypeRoot.TIMESTAMP, precision=target.precision)
    parsed = parse_timestamp(value, local)
    if root is TypeRoot.TIMESTAMP_LTZ:
        return instants.from_local(parsed, local, time_zone)
    return parsed


def _boolean(value: exp.Expression) -> exp.Expression:
    return template(
        "CASE WHEN lower(:v) IN ('true', 't', 'y', 'yes', '1') THEN TRUE "
        "WHEN lower(:v) IN ('false', 'f', 'n', 'no', '0') THEN FALSE END",
        v=value,
    )


def _integer(value: exp.Expression, sql: str) -> exp.Expression:
    """Digits with a sign; a fraction of digits is cut off."""
    trimmed = fn("trim", value)
    before_point = fn("split_part", trimmed, text("."), exp.Literal.number("1"))
    whole = template("CASE WHEN :w IN ('', '+', '-') THEN '0' ELSE :w END", w=before_point)
    return template(
        "CASE WHEN regexp_full_match(:t, :plain) THEN :as_is "
        "WHEN regexp_full_match(:t, :pointed) THEN :cut END",
        t=trimmed,
        plain=text(_WHOLE),
        pointed=text(_WITH_POINT),
        as_is=cast(trimmed, sql, safe=True),
        cut=cast(whole, sql, safe=True),
    )


def _decimal(value: exp.Expression, target: DataType) -> exp.Expression:
    """As Flink reads it: up to 18 digits of precision it overlooks one odd byte at the end."""
    sql = duckdb_type(target)
    trimmed = fn("trim", value, text(" \t\n"))
    if (target.precision or 0) <= _SHORT_DECIMAL:
        return _short_decimal(trimmed, sql)
    return template(
        "CASE WHEN regexp_full_match(:t, :pattern) THEN :number END",
        t=trimmed,
        pattern=text(_APPROXIMATE),
        number=cast(trimmed, sql, safe=True),
    )


def _short_decimal(trimmed: exp.Expression, sql: str) -> exp.Expression:
    digits = template("regexp_replace(:t, :odd, '')", t=trimmed, odd=text(_ODD_END))
    return template(
        "CASE WHEN regexp_full_match(:d, :pattern) THEN :number "
        "WHEN regexp_full_match(:d, '[+-]?') AND :d <> :t THEN :zero END",
        d=digits,
        t=trimmed,
        pattern=text(_APPROXIMATE),
        number=cast(digits, sql, safe=True),
        zero=cast(text("0"), sql),
    )


def _approximate(value: exp.Expression, sql: str) -> exp.Expression:
    """As Java reads it: also `1d`, `NaN` and `Infinity`; what is too large is infinite."""
    trimmed = fn("trim", value, text(" \t\n\r\f"))
    return template(
        "CASE WHEN regexp_full_match(:t, :pattern) THEN "
        "COALESCE(:number, CASE WHEN starts_with(:t, '-') THEN :least ELSE :most END) "
        "WHEN regexp_full_match(:t, '[+-]?(NaN|Infinity)') THEN :special END",
        t=trimmed,
        pattern=text(_APPROXIMATE + _JAVA_SUFFIX),
        number=cast(fn("rtrim", trimmed, text("dDfF")), sql, safe=True),
        special=cast(template("replace(:t, '+', '')", t=trimmed), sql, safe=True),
        most=cast(text("Infinity"), sql),
        least=cast(text("-Infinity"), sql),
    )


def parse_date(value: exp.Expression) -> exp.Expression:
    """`2020-1-2`, also only `2020` or `2020-1`; what follows a space is ignored."""
    day = template(
        "CASE WHEN starts_with(:v, ' ') THEN :v ELSE split_part(:v, ' ', 1) END", v=value
    )
    return template(
        "CASE WHEN regexp_full_match(:d, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(:d AS DATE) "
        "WHEN regexp_full_match(:d, :p) AND :year <= 9999 "
        "THEN TRY(make_date(:year, :month, :day)) END",
        d=day,
        p=text(_DATE),
        year=_date_part(day, 1),
        month=_date_part(day, 2),
        day=_date_part(day, 3),
    )


def _date_part(day: exp.Expression, group: int) -> exp.Expression:
    return template(
        "CASE WHEN regexp_extract(:d, :p, :i) = '' THEN 1 "
        "ELSE TRY_CAST(regexp_extract(:d, :p, :i) AS INTEGER) END",
        d=day,
        p=text(_DATE),
        i=exp.Literal.number(str(group)),
    )


def _time(value: exp.Expression) -> exp.Expression:
    clean = fn("trim", value)
    return template(
        "CASE WHEN regexp_full_match(:t, :shape) "
        "THEN TRY_CAST(split_part(:t, '.', 1) || :seconds AS TIME) END",
        t=clean,
        shape=text("([01]?[0-9]|2[0-3])(:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?)?)?"),
        seconds=template(
            "CASE WHEN :t LIKE '%:%:%' THEN '' WHEN :t LIKE '%:%' THEN ':00' ELSE ':00:00' END",
            t=clean,
        ),
    )


def parse_timestamp(value: exp.Expression, target: DataType) -> exp.Expression:
    """`2020-1-2` or `2020-1-2 3:4:5.678`; a day beyond its month's end is the month's last."""
    sql = "TIMESTAMP_NS" if instants.is_nanos(target) else "TIMESTAMP"
    full = DataType(TypeRoot.TIMESTAMP, precision=9 if instants.is_nanos(target) else 6)
    parsed = template(
        "CASE WHEN regexp_full_match(:v, :pattern) THEN COALESCE(:stamp, :clamped) END",
        v=value,
        pattern=text(_STAMP),
        stamp=cast(value, sql, safe=True),
        clamped=_clamped(value, sql),
    )
    return instants.with_precision(parsed, full, target)


_LENIENT = (
    r" *([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?: +([0-9]{1,4}):([0-9]{1,4}):([0-9]{1,4})(?:\.([0-9]{1,9}))?)? *"
)


def parse_lenient(value: exp.Expression) -> exp.Expression:
    """`2020-1-2` or `2020-1-2 3:4:5.678`; days, hours and so on beyond their range roll over."""

    def part(group: int) -> exp.Expression:
        found = template(
            "regexp_extract(:v, :p, :g)",
            v=value,
            p=text(_LENIENT),
            g=exp.Literal.number(str(group)),
        )
        return template("COALESCE(TRY_CAST(:f AS INTEGER), 0)", f=found)

    year, month, day, hour, minute, second = (part(i) for i in range(1, 7))
    fraction = template(
        "COALESCE(TRY_CAST(left(rpad(regexp_extract(:v, :p, 7), 3, '0'), 3) AS INTEGER), 0)",
        v=value,
        p=text(_LENIENT),
    )
    return template(
        "CASE WHEN regexp_full_match(:v, :p) AND :month BETWEEN 1 AND 12 AND :day BETWEEN 1 AND 31 "
        "THEN TRY(make_timestamp(:year, :month, 1, 0, 0, 0)) + to_days(:day - 1) + to_hours(:hour) "
        "+ to_minutes(:minute) + to_seconds(:second) + to_milliseconds(:fraction) END",
        v=value,
        p=text(_LENIENT),
        year=year,
        month=month,
        day=day,
        hour=hour,
        minute=minute,
        second=second,
        fraction=fraction,
    )


def _clamped(value: exp.Expression, sql: str) -> exp.Expression:
    """A text like 2021-02-30 10:00:00 with the day brought to the month's last."""
    month = template("TRY_CAST(regexp_extract(:v, '^[0-9]+-[0-9]+') || '-1' AS DATE)", v=value)
    day = template("TRY_CAST(regexp_extract(:v, '^[0-9]+-[0-9]+-([0-9]+)', 1) AS INTEGER)", v=value)
    rest = template("regexp_extract(:v, ' .*')", v=value)
    moved = template("CAST(last_day(:month) AS VARCHAR) || :rest", month=month, rest=rest)
    return template(
        "CASE WHEN :day <= 31 AND :month IS NOT NULL THEN :moved END",
        day=day,
        month=month,
        moved=cast(moved, sql, safe=True),
    )
