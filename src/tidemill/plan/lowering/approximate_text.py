"""FLOAT and DOUBLE as text, as Java writes them.

Source: `Float.toString` and `Double.toString` of Java 19 and later, as in
`formats/common/java_text.py`.
"""

from __future__ import annotations

from sqlglot import exp

from tidemill.plan.lowering.build import cast, fn, template, text

_ONE_DIGIT_MAX = "1e-320"
"""Below it so few bits are left that one digit tells some values apart."""


def double_text(value: exp.Expression) -> exp.Expression:
    """A DOUBLE: plain from 1.0E-3 to 1.0E7, else `1.5E10`.

    Where one digit would do, Java takes the nearest of two.
    """
    shown = shortest(value)
    two_digits = fn("format", text("{:.1e}"), value)
    return template(
        "CASE WHEN abs(:v) >= 0.001 AND abs(:v) < 10000000 THEN :shown "
        "WHEN :v = 0 THEN CASE WHEN starts_with(:shown, '-') THEN '-0.0' ELSE '0.0' END "
        "WHEN isnan(:v) THEN 'NaN' "
        "WHEN isinf(:v) THEN CASE WHEN :v > 0 THEN 'Infinity' ELSE '-Infinity' END "
        "WHEN abs(:v) < CAST(:least AS DOUBLE) AND CAST(:two AS DOUBLE) = :v THEN :scientific_two "
        "WHEN :v IS NOT NULL THEN :scientific END",
        v=value,
        shown=shown,
        least=text(_ONE_DIGIT_MAX),
        two=two_digits,
        scientific_two=_scientific(two_digits),
        scientific=_scientific(shown),
    )


def float_text(value: exp.Expression) -> exp.Expression:
    """A FLOAT, laid out as a DOUBLE."""
    return double_text(cast(fn("flink_float_digits", value), "DOUBLE"))


def shortest(value: exp.Expression) -> exp.Expression:
    """The shortest digits that are read back as the same DOUBLE: `0.1`, `1e300`, `-0.0`.

    By DuckDB's JSON writer: its `CAST(x AS VARCHAR)` is wrong by a factor of two for a few powers
    of two (2^81 is `4.835703278458517e+24` in DuckDB 1.4 and 2.0), and takes five times as long.
    """
    return cast(fn("to_json", value), "VARCHAR")


def _scientific(shown: exp.Expression) -> exp.Expression:
    """From DuckDB's `123456789.0`, `1e-05` or `1.5e+20` to `1.23456789E8`, `1.0E-5`, `1.5E20`."""
    sign = template("CASE WHEN starts_with(:s, '-') THEN '-' ELSE '' END", s=shown)
    mantissa = template("split_part(ltrim(:s, '-'), 'e', 1)", s=shown)
    exponent = template("COALESCE(TRY_CAST(split_part(:s, 'e', 2) AS INTEGER), 0)", s=shown)
    digits = template("rtrim(ltrim(replace(:m, '.', ''), '0'), '0')", m=mantissa)
    # Places by which the point moves to stand behind the first digit that is not 0.
    point = template(
        "CASE WHEN :m LIKE '0.%' "
        "THEN -(length(:m) - 1 - length(ltrim(replace(:m, '.', ''), '0'))) "
        "ELSE length(split_part(:m, '.', 1)) - 1 END",
        m=mantissa,
    )
    return template(
        ":sign || left(:digits, 1) || '.' || "
        "CASE WHEN length(:digits) > 1 THEN substring(:digits, 2) ELSE '0' END "
        "|| 'E' || CAST(:point + :exponent AS VARCHAR)",
        sign=sign,
        digits=digits,
        point=point,
        exponent=exponent,
    )
