"""Regular expressions: in RE2's writing where it means the same as Java's, else Arrow functions."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import fn, number, template, text
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.sql.functions.java_regex import java_pattern
from tidemill.sql.functions.regex import Pattern, re2_pattern

_LAST_LINE_END = r"(?:(?:\r\n|[\n\r\x{85}\x{2028}\x{2029}])?\z)"


def _text(pattern: Pattern) -> exp.Expression:
    """RE2's pattern; where nobody sees how far a match goes, `$` also takes the last line end."""
    return text(pattern.text.replace(r"\z", _LAST_LINE_END))


def _re2(c: Lowered) -> Pattern | None:
    return re2_pattern(c.call.arguments[1])


def _regexp(c: Lowered) -> exp.Expression:
    """Whether the pattern is found anywhere; an empty pattern never is."""
    if c.constant(1) == "":
        return template("CASE WHEN :v IS NOT NULL THEN FALSE END", v=c.args[0])
    pattern = _re2(c)
    if pattern is None:
        return fn("flink_regexp", *c.args)
    return fn("regexp_matches", c.args[0], _text(pattern))


def _extract(c: Lowered) -> exp.Expression:
    """A group of the first match, 0 the whole; NULL where nothing matches."""
    pattern, group = _re2(c), c.constant(2)
    if pattern is None or not isinstance(group, int):
        return fn("flink_regexp_extract", *c.args)
    if not 0 <= group <= pattern.groups:
        return template("CAST(NULL AS VARCHAR)")
    if (group and group not in pattern.sure_groups) or (not group and pattern.ends_with_line):
        return fn("flink_regexp_extract", *c.args)
    written = _text(pattern)
    return template(
        "CASE WHEN regexp_matches(:v, :p) THEN :found END",
        v=c.args[0],
        p=written,
        found=fn("regexp_extract", c.args[0], written, number(group)),
    )


def _replace(c: Lowered) -> exp.Expression:
    """All matches by the replacement as it stands: no group references in it."""
    pattern = _re2(c)
    if pattern is None or pattern.ends_with_line or _takes_nothing(c):
        return fn("flink_regexp_replace", *c.args)
    plain = fn("replace", c.args[2], text("\\"), text("\\\\"))
    return fn("regexp_replace", c.args[0], text(pattern.text), plain, text("g"))


def _takes_nothing(c: Lowered) -> bool:
    """Whether the pattern matches an empty text; RE2 and Java do not count such matches alike."""
    return java_pattern(str(c.constant(1))).compiled.fullmatch("") is not None


def _similar(c: Lowered) -> exp.Expression:
    return fn("flink_regexp", *c.args)


def _not_similar(c: Lowered) -> exp.Expression:
    return template("NOT :similar", similar=_similar(c))


def _own(name: str) -> Lowering:
    return lambda c: fn(name, *c.args)


LOWERINGS: Mapping[str, Lowering] = {
    "SIMILAR_TO": _similar,
    "NOT_SIMILAR_TO": _not_similar,
    "REGEXP": _regexp,
    "REGEXP_EXTRACT": _extract,
    "REGEXP_EXTRACT_ALL": _own("flink_regexp_extract_all"),
    "REGEXP_REPLACE": _replace,
    "REGEXP_COUNT": _own("flink_regexp_count"),
    "REGEXP_INSTR": _own("flink_regexp_instr"),
    "REGEXP_SUBSTR": lambda c: fn("flink_regexp_extract", *c.args, number(0)),
}
