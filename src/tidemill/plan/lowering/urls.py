"""URLs and network addresses."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import fn, template, text
from tidemill.plan.lowering.core import Lowered, Lowering

_PARTS = "[0-9]{1,12}"


def _parse_url(c: Lowered) -> exp.Expression:
    return fn("flink_parse_url" if len(c.args) == 2 else "flink_parse_url_query", *c.args)


def _url_encode(c: Lowered) -> exp.Expression:
    """As a form's field: a blank is +, and * stays."""
    encoded = fn("url_encode", c.args[0])
    for of, to in (("%20", "+"), ("%2A", "*"), ("~", "%7E")):
        encoded = fn("replace", encoded, text(of), text(to))
    return encoded


def _inet_aton(c: Lowered) -> exp.Expression:
    """Of one to four decimal parts up to 255, or one number of 32 bits."""
    parts = fn("string_split", c.args[0], text("."))
    return template(
        "CASE WHEN regexp_full_match(:v, '[0-9]+') THEN "
        "CASE WHEN TRY_CAST(:v AS HUGEINT) <= 4294967295 THEN CAST(:v AS BIGINT) END "
        "WHEN regexp_full_match(:v, '[0-9]+([.][0-9]+){1,3}') "
        "AND list_bool_and(list_transform(:p, "
        "lambda x: COALESCE(TRY_CAST(x AS HUGEINT), 256) <= 255)) "
        "THEN CASE len(:p) "
        "WHEN 2 THEN CAST(:p[1] AS BIGINT) * 16777216 + CAST(:p[2] AS BIGINT) "
        "WHEN 3 THEN CAST(:p[1] AS BIGINT) * 16777216 + CAST(:p[2] AS BIGINT) * 65536 "
        "+ CAST(:p[3] AS BIGINT) "
        "ELSE CAST(:p[1] AS BIGINT) * 16777216 + CAST(:p[2] AS BIGINT) * 65536 "
        "+ CAST(:p[3] AS BIGINT) * 256 + CAST(:p[4] AS BIGINT) END END",
        v=c.args[0],
        p=parts,
    )


def _inet_ntoa(c: Lowered) -> exp.Expression:
    return template(
        "CASE WHEN :n BETWEEN 0 AND 4294967295 THEN concat_ws('.', :n >> 24, (:n >> 16) & 255, "
        "(:n >> 8) & 255, :n & 255) END",
        n=c.args[0],
    )


LOWERINGS: Mapping[str, Lowering] = {
    "PARSE_URL": _parse_url,
    "URL_ENCODE": _url_encode,
    "URL_DECODE": lambda c: fn("flink_url_decode", c.args[0]),
    "INET_ATON": _inet_aton,
    "INET_NTOA": _inet_ntoa,
}
