"""Regular expressions, in RE2's writing of patterns that mean the same as Java's."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import fn, number, template, text
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.sql.functions.regex import Pattern, translate

_LAST_LINE_END = r"(?:(?:\r\n|[\n\r\x{85}\x{2028}\x{2029}])?\z)"


def _pattern(c: Lowered) -> Pattern:
    return translate(str(c.constant(1)))


def _text(pattern: Pattern) -> exp.Expression:
    """RE2's pattern; where nobody sees how far a match goes, `$` also takes the last line end."""
    return text(pattern.text.replace(r"\z", _LAST_LINE_END))


def _regexp(c: Lowered) -> exp.Expression:
    """Whether the pattern is found anywhere; an empty pattern never is."""
    if c.constant(1) == "":
        return template("CASE WHEN :v IS NOT NULL THEN FALSE END", v=c.args[0])
    return fn("regexp_matches", c.args[0], _text(_pattern(c)))


def _extract(c: Lowered) -> exp.Expression:
    """A group of the first match, 0 the whole; NULL where nothing matches."""
    pattern = _pattern(c)
    group = c.constant(2)
    if not isinstance(group, int) or group > pattern.groups:
        return template("CAST(NULL AS VARCHAR)")
    written = _text(pattern)
    return template(
        "CASE WHEN regexp_matches(:v, :p) THEN :found END",
        v=c.args[0],
        p=written,
        found=fn("regexp_extract", c.args[0], written, number(group)),
    )


def _replace(c: Lowered) -> exp.Expression:
    """All matches by the replacement as it stands: no group references in it."""
    plain = fn("replace", c.args[2], text("\\"), text("\\\\"))
    return fn("regexp_replace", c.args[0], text(_pattern(c).text), plain, text("g"))


LOWERINGS: Mapping[str, Lowering] = {
    "REGEXP": _regexp,
    "REGEXP_EXTRACT": _extract,
    "REGEXP_REPLACE": _replace,
}
