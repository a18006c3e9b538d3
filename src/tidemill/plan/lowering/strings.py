"""String functions. Positions count characters from 1; lengths are characters, not bytes."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import cast, error, fn, number, template, text
from tidemill.plan.lowering.core import Lowered, Lowering


def _call(name: str) -> Lowering:
    return lambda c: fn(name, *c.args)


def _of(source: str) -> Lowering:
    """A template over the arguments, as :a0, :a1 and so on."""
    return lambda c: template(source, **{f"a{i}": a for i, a in enumerate(c.args)})


def _trim(c: Lowered) -> exp.Expression:
    if len(c.args) == 1:
        return fn("trim", c.args[0], text(" "))
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(c.constant(0)).upper(), "trim")
    return fn(name, c.args[2], c.args[1])


def _trim_side(name: str) -> Lowering:
    def lower(c: Lowered) -> exp.Expression:
        characters = c.args[1] if len(c.args) == 2 else text(" ")
        return fn(name, c.args[0], characters)

    return lower


def _substring(c: Lowered) -> exp.Expression:
    """From position 0 as from 1; from before the start nothing; of negative length NULL."""
    value, start = c.args[:2]
    at = c.constant(1)
    length = c.args[2] if len(c.args) == 3 else None
    size = c.constant(2) if length is not None else 0
    if isinstance(at, int) and at >= 0 and isinstance(size, int) and size >= 0:
        begin = number(max(1, at))
        return fn("substring", value, begin, *((length,) if length is not None else ()))
    begin = template("CASE WHEN :s = 0 THEN 1 ELSE :s END", s=start)
    part = fn("substring", value, begin, *((length,) if length is not None else ()))
    guard = "WHEN :s < 0 AND -CAST(:s AS BIGINT) > length(:v) THEN '' ELSE :part END"
    if length is None:
        return template(f"CASE WHEN :s IS NULL THEN NULL {guard}", v=value, s=start, part=part)
    return template(
        f"CASE WHEN :n < 0 THEN NULL WHEN :s IS NULL OR :n IS NULL THEN NULL {guard}",
        v=value,
        s=start,
        n=length,
        part=part,
    )


def _concat(c: Lowered) -> exp.Expression:
    """NULL if any part is."""
    result = c.args[0]
    for part in c.args[1:]:
        result = template(":a || :b", a=result, b=part)
    return result


def _replace(c: Lowered) -> exp.Expression:
    value, search, replacement = c.args
    found = c.constant(1)
    if isinstance(found, str) and found:
        return fn("replace", value, search, replacement)
    # Java puts the replacement between all characters where there is nothing to search for.
    spread = fn("regexp_replace", value, text(""), _plain_replacement(replacement), text("g"))
    return template(
        "CASE WHEN :search = '' THEN :spread ELSE :replaced END",
        search=search,
        spread=spread,
        replaced=fn("replace", value, search, replacement),
    )


def _plain_replacement(replacement: exp.Expression) -> exp.Expression:
    return fn("replace", replacement, text("\\"), text("\\\\"))


def _locate(c: Lowered) -> exp.Expression:
    search, value = c.args[:2]
    if len(c.args) == 2:
        return cast(fn("instr", value, search), "INTEGER")
    given = c.args[2]
    start = template("greatest(:start, 1)", start=given)
    rest = fn("substring", value, start)
    return template(
        "CASE WHEN :given IS NULL OR :value IS NULL THEN NULL WHEN :search = '' THEN 1 "
        "WHEN instr(:rest, :search) = 0 THEN 0 "
        "ELSE CAST(instr(:rest, :search) + :start - 1 AS INTEGER) END",
        given=given,
        value=value,
        start=start,
        rest=rest,
        search=search,
    )


def _pad(name: str) -> Lowering:
    """NULL where the length is negative or there is nothing to pad with."""

    def lower(c: Lowered) -> exp.Expression:
        value, length, pad = c.args
        return template(
            "CASE WHEN :n < 0 OR :pad = '' THEN NULL ELSE :padded END",
            n=length,
            pad=pad,
            padded=fn(name, value, _code_points(value, length), pad),
        )

    return lower


def _code_points(value: exp.Expression, length: exp.Expression) -> exp.Expression:
    """A length in Java's chars, of which a character beyond U+FFFF takes two, as characters."""
    astral = fn("regexp_replace", value, text(r"[^\x{10000}-\x{10FFFF}]"), text(""), text("g"))
    return template(
        "CASE WHEN strlen(:v) = length(:v) THEN :n "
        "ELSE greatest(:n - CAST(length(:astral) AS INTEGER), 0) END",
        v=value,
        n=length,
        astral=astral,
    )


def _left(c: Lowered) -> exp.Expression:
    """Empty for a length of 0 or below."""
    value, length = c.args
    return template("CASE WHEN :n < 0 THEN left(:v, 0) ELSE left(:v, :n) END", v=value, n=length)


def _right(c: Lowered) -> exp.Expression:
    value, length = c.args
    return template("CASE WHEN :n < 0 THEN right(:v, 0) ELSE right(:v, :n) END", v=value, n=length)


def _overlay(c: Lowered) -> exp.Expression:
    """Characters from a position replaced; a position outside the string changes nothing."""
    value, put, start = c.args[:3]
    length = c.args[3] if len(c.args) == 4 else cast(fn("length", put), "INTEGER")
    return template(
        "CASE WHEN :put IS NULL OR :start IS NULL OR :n IS NULL THEN NULL "
        # Java counts such a character as two, and may cut it in halves.
        "WHEN regexp_matches(:v || :put, :astral) THEN :failure "
        "WHEN :start <= 0 OR :start > length(:v) THEN :v "
        "ELSE left(:v, :start - 1) || :put || "
        "CASE WHEN :start + :n <= length(:v) AND :n > 0 "
        "THEN substring(:v, :start + :n) ELSE '' END END",
        v=value,
        put=put,
        start=start,
        n=length,
        astral=text(r"[\x{10000}-\x{10FFFF}]"),
        failure=cast(error("engine.invalid-argument", "OVERLAY cannot cut", value), "VARCHAR"),
    )


def _split_index(c: Lowered) -> exp.Expression:
    """The part at an index from 0, or NULL; an empty string has no parts."""
    value, separator, index = c.args
    return template(
        "CASE WHEN :i >= 0 AND :v <> '' THEN "
        "string_split(:v, CASE WHEN :sep = '' THEN ' ' ELSE :sep END)[CAST(:i AS BIGINT) + 1] END",
        v=value,
        sep=separator,
        i=index,
    )


def _hex(c: Lowered) -> exp.Expression:
    return fn("hex", c.args[0])


def _initcap(c: Lowered) -> exp.Expression:
    """The first of each run of ASCII letters and digits in upper case, the rest in lower case."""
    words = fn("regexp_extract_all", c.args[0], text("[A-Za-z0-9]+|[^A-Za-z0-9]+"))
    capital = template(
        "CASE WHEN regexp_matches(w, '^[A-Za-z0-9]') "
        "THEN upper(left(w, 1)) || lower(substring(w, 2)) ELSE w END"
    )
    changed = fn(
        "list_transform", words, exp.Lambda(this=capital, expressions=[exp.to_identifier("w")])
    )
    return fn("array_to_string", changed, text(""))


_LONGER_IN_UPPER = {c: c.upper() for c in map(chr, range(0xFB18)) if len(c.upper()) > 1}
"""Characters that become several, as Java has them; DuckDB knows no such."""


def _upper(c: Lowered) -> exp.Expression:
    value = c.args[0]
    letters, longer = fn("string_split", value, text("")), list(_LONGER_IN_UPPER)
    table = fn(
        "map",
        fn("list_value", *map(text, longer)),
        fn("list_value", *(text(_LONGER_IN_UPPER[k]) for k in longer)),
    )
    one = template("COALESCE(map_extract_value(:table, w), upper(w))", table=table)
    each = exp.Lambda(this=one, expressions=[exp.to_identifier("w")])
    return template(
        "CASE WHEN regexp_matches(:v, :longer) THEN :spelt ELSE upper(:v) END",
        v=value,
        longer=text("[" + "".join(longer) + "]"),
        spelt=fn("array_to_string", fn("list_transform", letters, each), text("")),
    )


def _lower(c: Lowered) -> exp.Expression:
    """As Java: a dotted capital I keeps its dot, a sigma that ends a word is the final one."""
    skipped = r"[\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}'.:·’]*"
    cased = r"\p{Lu}\p{Ll}\p{Lt}"
    final = template(
        "regexp_replace(:v, :pattern, :sigma, 'g')",
        v=c.args[0],
        pattern=text(f"([{cased}]{skipped})Σ({skipped})($|[^{cased}])"),
        sigma=text(r"\1ς\2\3"),
    )
    return template(
        "CASE WHEN regexp_matches(:v, '[İΣ]') THEN lower(replace(:final, 'İ', :dotted)) "
        "ELSE lower(:v) END",
        v=c.args[0],
        final=final,
        dotted=text("i\u0307"),
    )


LOWERINGS: Mapping[str, Lowering] = {
    "UPPER": _upper,
    "LOWER": _lower,
    "TRIM": _trim,
    "LTRIM": _trim_side("ltrim"),
    "RTRIM": _trim_side("rtrim"),
    "BTRIM": _trim_side("trim"),
    "SUBSTRING": _substring,
    "LEFT": _left,
    "RIGHT": _right,
    "CONCAT": _concat,
    "CONCAT_OPERATOR": _concat,
    "CONCAT_WS": _call("concat_ws"),
    "CHAR_LENGTH": lambda c: cast(fn("length", *c.args), "INTEGER"),
    "REPLACE": _replace,
    "POSITION": _locate,
    "LOCATE": _locate,
    "INSTR": lambda c: cast(fn("instr", *c.args), "INTEGER"),
    "LPAD": _pad("lpad"),
    "RPAD": _pad("rpad"),
    "REPEAT": _of("repeat(:a0, CASE WHEN :a1 < 0 THEN 0 ELSE :a1 END)"),
    "REVERSE": _call("reverse"),
    "INITCAP": _initcap,
    "OVERLAY": _overlay,
    "SPLIT_INDEX": _split_index,
    "ASCII": _of(
        "CASE WHEN :a0 = '' THEN 0 "
        "ELSE (CAST('0x' || left(hex(:a0), 2) AS INTEGER) + 128) % 256 - 128 END"
    ),
    "CHR": _of(
        "CASE WHEN :a0 < 0 THEN '' WHEN :a0 IS NOT NULL THEN chr(CAST(:a0 % 256 AS INTEGER)) END"
    ),
    "TO_BASE64": _of("base64(encode(:a0))"),
    "FROM_BASE64": _of("decode(from_base64(:a0))"),
    "HEX": _hex,
    "BIN": _of("bin(:a0)"),
    "ENCODE": _of("encode(:a0)"),
    "DECODE": _of("decode(:a0)"),
    "IS_ALPHA": _of(r"COALESCE(regexp_full_match(:a0, '\pL+'), FALSE)"),
    "IS_DIGIT": _of(r"COALESCE(regexp_full_match(:a0, '\p{Nd}+'), FALSE)"),
    "STARTSWITH": _call("starts_with"),
    "ENDSWITH": _call("ends_with"),
}
