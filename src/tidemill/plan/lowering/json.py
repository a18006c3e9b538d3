"""JSON functions. A text that is no JSON has no values: NULL, or FALSE for JSON_EXISTS."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import cast, error, fn, template, text
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.sql.functions.json import path_steps

_FRACTION = r"([:\[,]\s*)(-?[0-9]+[.eE][-+.eE0-9]*)(\s*[,\]}])"


def _path(c: Lowered) -> exp.Expression:
    """The path as DuckDB writes it."""
    written = "$"
    for step in path_steps(str(c.constant(1))):
        written += f"[{step}]" if isinstance(step, int) else f'."{step}"'
    return text(written)


def _value(c: Lowered) -> exp.Expression:
    """The text of a scalar; arrays, objects and null have none.

    A number with a fraction keeps its digits as written (1.50), where DuckDB would give 1.5: it is
    read again from a copy of the text in which such numbers stand in quotes.
    """
    document, path = c.args[0], _path(c)
    quoted = fn("regexp_replace", document, text(_FRACTION), text(r'\1"\2"\3'), text("g"))
    as_written = fn("TRY", fn("json_extract_string", quoted, path))
    kind = fn("TRY", fn("json_type", document, path))
    failure = error("engine.invalid-argument", "JSON_VALUE cannot write the number", as_written)
    return template(
        "CASE WHEN :kind IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL "
        "WHEN :kind = 'DOUBLE' THEN CASE WHEN regexp_full_match(:raw, :plain) THEN :raw "
        "ELSE :failure END "
        "WHEN :kind IS NOT NULL THEN :found END",
        kind=kind,
        raw=as_written,
        plain=text(r"-?([1-9][0-9]*([.][0-9]+)?|0[.]0{0,5}[1-9][0-9]*)|0[.]0{1,6}"),
        failure=cast(failure, "VARCHAR"),
        found=fn("json_extract_string", document, path),
    )


def _exists(c: Lowered) -> exp.Expression:
    """Whether there is a value that is not null."""
    kind = fn("TRY", fn("json_type", c.args[0], _path(c)))
    return template(
        "CASE WHEN :v IS NOT NULL THEN COALESCE(:kind <> 'NULL', FALSE) END",
        v=c.args[0],
        kind=kind,
    )


LOWERINGS: Mapping[str, Lowering] = {"JSON_VALUE": _value, "JSON_EXISTS": _exists}
