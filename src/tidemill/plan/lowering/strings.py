"""String functions. Positions count characters from 1; lengths are characters, not bytes."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.plan.lowering.build import (
    cast,
    duckdb_type,
    fn,
    number,
    template,
    text,
)
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.plan.lowering.to_text import to_text


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


def _chars(value: exp.Expression) -> exp.Expression:
    """The length in Java's chars, of which a character beyond U+FFFF takes two."""
    astral = fn("regexp_replace", value, text(r"[^\x{10000}-\x{10FFFF}]"), text(""), text("g"))
    return template(
        "CAST(CASE WHEN strlen(:v) = length(:v) THEN length(:v) "
        "ELSE length(:v) + length(:a) END AS INTEGER)",
        v=value,
        a=astral,
    )


def _overlay(c: Lowered) -> exp.Expression:
    """Characters from a position replaced; a position outside the string changes nothing."""
    value, put, start = c.args[:3]
    length = c.args[3] if len(c.args) == 4 else _chars(put)
    return template(
        "CASE WHEN :put IS NULL OR :start IS NULL OR :n IS NULL THEN NULL "
        # Java counts such a character as two, and may cut it in halves.
        "WHEN regexp_matches(:v || :put, :astral) THEN :slow "
        "WHEN :start <= 0 OR :start > length(:v) THEN :v "
        "ELSE left(:v, :start - 1) || :put || "
        "CASE WHEN :start + :n <= length(:v) AND :n > 0 "
        "THEN substring(:v, :start + :n) ELSE '' END END",
        v=value,
        put=put,
        start=start,
        n=length,
        astral=text(r"[\x{10000}-\x{10FFFF}]"),
        slow=fn("flink_overlay", value, put, start, length),
    )


def _split_index(c: Lowered) -> exp.Expression:
    """The part at an index from 0, or NULL; an empty string has no parts."""
    value, separator, index = c.args
    if c.type_of(1).is_integer:
        return template(
            "CASE WHEN :i >= 0 AND :code BETWEEN 1 AND 255 AND :v <> '' "
            "THEN string_split(:v, chr(:code))[CAST(:i AS BIGINT) + 1] END",
            v=value,
            code=separator,
            i=index,
        )
    return template(
        "CASE WHEN :i >= 0 AND :v <> '' THEN "
        "string_split(:v, CASE WHEN :sep = '' THEN ' ' ELSE :sep END)[CAST(:i AS BIGINT) + 1] END",
        v=value,
        sep=separator,
        i=index,
    )


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


@functools.cache  # it takes as long as a twentieth of the start
def _longer_in_upper() -> Mapping[str, str]:
    """Characters that become several, as Java has them; DuckDB knows no such."""
    return {c: c.upper() for c in map(chr, range(0xFB18)) if len(c.upper()) > 1}


def _upper(c: Lowered) -> exp.Expression:
    value, upper = c.args[0], _longer_in_upper()
    letters, longer = fn("string_split", value, text("")), list(upper)
    table = fn(
        "map",
        fn("list_value", *map(text, longer)),
        fn("list_value", *(text(upper[k]) for k in longer)),
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


def _elt(c: Lowered) -> exp.Expression:
    """The value at an index from 1."""
    index, *values = c.args
    branches = [
        exp.If(this=template(":i = :n", i=index, n=number(i)), true=value)
        for i, value in enumerate(values, 1)
    ]
    return cast(exp.Case(ifs=branches), duckdb_type(c.type))


_KINDS = {
    TypeRoot.TINYINT: "b",
    TypeRoot.SMALLINT: "s",
    TypeRoot.INTEGER: "i",
    TypeRoot.BIGINT: "l",
    TypeRoot.FLOAT: "f",
    TypeRoot.DOUBLE: "d",
    TypeRoot.BOOLEAN: "?",
    TypeRoot.DECIMAL: "n",
}


def _printf(c: Lowered) -> exp.Expression:
    """The values go as texts, with a letter for the type of each."""
    types = [argument.type for argument in c.call.arguments[1:]]
    shown = [to_text(v, t, c.time_zone) for v, t in zip(c.args[1:], types, strict=True)]
    kinds = "".join(_KINDS.get(type_.root, "t") for type_ in types)
    listed = cast(fn("list_value", *shown), "VARCHAR[]")
    return fn("flink_printf", c.args[0], listed, text(kinds))


_DECIMAL = (
    r"[+-]?\p{Nd}{1,18}|[\x00- ]*[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
    r"[dDfF]?|0[xX]([0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?[0-9]+[dDfF]?)[\x00- ]*"
)


def _is_text(source: str, *, numbers: bool = False, integers: bool = False) -> Lowering:
    """Never NULL; of a number the answer depends on its type only."""

    def lower(c: Lowered) -> exp.Expression:
        type_ = c.type_of(0)
        if not type_.is_numeric:
            return template(f"COALESCE({source}, FALSE)", v=c.args[0])
        # Flink asks the value's Java class: a DECIMAL is of none that it knows, a NULL of one.
        if type_.is_integer or (numbers and type_.root is not TypeRoot.DECIMAL):
            return exp.true() if numbers or integers else exp.false()
        return exp.false()

    return lower


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
    "TRANSLATE": _of("translate(:a0, :a1, COALESCE(:a2, ''))"),
    "ELT": _elt,
    "PRINTF": _printf,
    "STR_TO_MAP": _call("flink_str_to_map"),
    "UUID": lambda c: cast(fn("uuid"), "VARCHAR"),
    "IS_DECIMAL": _is_text(f"regexp_full_match(:v, '{_DECIMAL}')", numbers=True),
    "IS_ALPHA": _is_text(r"regexp_full_match(:v, '\pL+')"),
    "IS_DIGIT": _is_text(r"regexp_full_match(:v, '\p{Nd}+')", integers=True),
    "STARTSWITH": _call("starts_with"),
    "ENDSWITH": _call("ends_with"),
}
