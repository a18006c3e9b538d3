"""JSON functions over texts.

A text is looked into by DuckDB where it is certain to read the same as Jackson does: no escapes, no
leniency, no name of the path twice. All other texts go to the Arrow functions.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.plan.lowering.build import cast, duckdb_type, error, fn, template, text
from tidemill.plan.lowering.core import Lowered, Lowering
from tidemill.plan.lowering.json_text import json_text, key_text, or_null
from tidemill.sql.expressions import Call
from tidemill.sql.functions.json import JSON_CALLS
from tidemill.sql.functions.json_path import JsonPath, json_path

_NOT_PLAIN = r"[\\\x00-\x1f]|(?i:nan|inf)|,\s*[}\]]"
"""Escapes, and what DuckDB takes although Jackson does not."""

_CLASSES = {TypeRoot.INTEGER: "i", TypeRoot.DOUBLE: "d", TypeRoot.BOOLEAN: "b"}


# --- looking into texts --------------------------------------------------------------------------


def _duckdb_path(steps: list[str | int]) -> str:
    written = "$"
    for step in steps:
        written += f"[{step}]" if isinstance(step, int) else f'."{step}"'
    return written


def _simple_steps(path: JsonPath) -> list[str | int] | None:
    steps = path.plain_steps()
    if steps is None or any(
        isinstance(s, str) and not (s and s.isascii() and s.isalnum()) for s in steps
    ):
        return None
    return steps


def _plain(document: exp.Expression, steps: list[str | int]) -> exp.Expression:
    """Whether DuckDB reads the text, and the path's names in it, as Jackson does."""
    plain = template(
        "NOT regexp_matches(:v, :odd) AND regexp_matches(:v, '^[{[].*[]}]$') "
        "AND TRY(json_type(:v)) IS NOT NULL",
        v=document,
        odd=text(_NOT_PLAIN),
    )
    for name in dict.fromkeys(step for step in steps if isinstance(step, str)):
        plain = template(
            ":plain AND length(:v) - length(replace(:v, :name, '')) <= :size",
            plain=plain,
            v=document,
            name=text(f'"{name}"'),
            size=exp.Literal.number(str(len(name) + 2)),
        )
    return plain


def _value(c: Lowered) -> exp.Expression:
    path = json_path(str(c.constant(1)))
    on_empty, on_error = str(c.constant(2)), str(c.constant(4))
    if c.type.root is not TypeRoot.VARCHAR:
        found = fn("flink_json_scalar", c.args[0], c.args[1])
        scalar = _scalar_of(c, found)
        return _by_kind(c, found, scalar, (on_empty, c.args[3]), (on_error, c.args[5]))
    result = fn("flink_json_value", *c.args)
    steps = _simple_steps(path)
    if steps is None or (on_empty, on_error) != ("NULL", "NULL"):
        return result
    place = text(_duckdb_path(steps))
    return template(
        "CASE WHEN :plain AND :kind IN ('VARCHAR', 'BOOLEAN', 'BIGINT', 'UBIGINT') "
        "THEN TRY(json_extract_string(:v, :place)) "
        "WHEN :plain AND COALESCE(:kind, 'NULL') IN ('NULL', 'OBJECT', 'ARRAY') THEN NULL "
        "WHEN :v IS NOT NULL THEN :result END",
        v=c.args[0],
        plain=_plain(c.args[0], steps),
        kind=fn("TRY", fn("json_type", c.args[0], place)),
        place=place,
        result=result,
    )


def _scalar_of(c: Lowered, found: exp.Expression) -> exp.Expression:
    """The scalar as the returned type; one of another class fails the row, as in Flink."""
    value = fn("struct_extract", found, text("text"))
    wanted = _CLASSES.get(c.type.root)
    if wanted is None:
        return value
    failure = error("engine.bad-cast", f"JSON_VALUE returns {c.type.sql()}, the value is", value)
    return template(
        "CASE WHEN struct_extract(:found, 'kind') = :class THEN :value ELSE :failure END",
        found=found,
        **{"class": text(wanted)},
        value=cast(value, duckdb_type(c.type)),
        failure=cast(failure, duckdb_type(c.type)),
    )


def _by_kind(
    c: Lowered,
    found: exp.Expression,
    value: exp.Expression,
    on_empty: tuple[str, exp.Expression],
    on_error: tuple[str, exp.Expression],
) -> exp.Expression:
    """The value, or what was asked for in the place of nothing or of an error."""
    name = c.call.function
    results = []
    for (behaviour, default), what in ((on_empty, "nothing"), (on_error, "an error")):
        if behaviour == "ERROR":
            failure = error("engine.invalid-argument", f"{name} finds {what} in", c.args[0])
            results.append(cast(failure, duckdb_type(c.type)))
        elif behaviour == "NULL":
            results.append(cast(exp.null(), duckdb_type(c.type)))
        else:
            results.append(default)
    return template(
        "CASE WHEN :v IS NULL THEN NULL WHEN struct_extract(:found, 'kind') = 'empty' THEN :empty "
        "WHEN struct_extract(:found, 'kind') = 'error' THEN :error ELSE :value END",
        v=c.args[0],
        found=found,
        empty=results[0],
        error=results[1],
        value=value,
    )


def _query(c: Lowered) -> exp.Expression:
    if c.type.root is not TypeRoot.ARRAY:
        return fn("flink_json_query", *c.args)
    found = fn("flink_json_query_items", *c.args[:3])
    value = fn("struct_extract", found, text("items"))
    empty = template("CAST([] AS VARCHAR[])")
    on_empty, on_error = ((str(c.constant(i)), empty) for i in (3, 4))
    return _by_kind(c, found, value, on_empty, on_error)


def _exists(c: Lowered) -> exp.Expression:
    """Whether there is a value that is not null."""
    path, on_error = json_path(str(c.constant(1))), str(c.constant(2))
    found = fn("flink_json_exists", c.args[0], c.args[1])
    failure = error("engine.invalid-argument", "JSON_EXISTS finds an error in", c.args[0])
    otherwise = {
        "TRUE": exp.true(),
        "FALSE": exp.false(),
        "UNKNOWN": cast(exp.null(), "BOOLEAN"),
        "ERROR": cast(failure, "BOOLEAN"),
    }[on_error]
    result = template(
        "CASE WHEN :found = 'error' THEN :other WHEN :found IS NOT NULL THEN :found = 'true' END",
        found=found,
        other=otherwise,
    )
    steps = _simple_steps(path)
    if steps is None or on_error != "FALSE":
        return result
    return template(
        "CASE WHEN :plain THEN COALESCE(TRY(json_type(:v, :place)) <> 'NULL', FALSE) "
        "WHEN :v IS NOT NULL THEN :result END",
        v=c.args[0],
        plain=_plain(c.args[0], steps),
        place=text(_duckdb_path(steps)),
        result=result,
    )


def _is_json(*, negated: bool) -> Lowering:
    def lower(c: Lowered) -> exp.Expression:
        wanted = str(c.constant(1)).lower()
        kind = fn("flink_json_kind", c.args[0])
        source = ":kind IS NOT NULL" if wanted == "value" else "COALESCE(:kind = :wanted, FALSE)"
        test = template(source, kind=kind, wanted=text(wanted))
        return template("NOT :test", test=test) if negated else test

    return lower


# --- constructors --------------------------------------------------------------------------------


def _item(c: Lowered, index: int) -> exp.Expression:
    """An argument as JSON; what is JSON already is put in as it is."""
    argument, value = c.call.arguments[index], c.args[index]
    if isinstance(argument, Call) and argument.function in JSON_CALLS:
        return value
    return json_text(value, argument.type, c.time_zone)


def _object(c: Lowered) -> exp.Expression:
    """Of equal keys the last; keys in the order of their chars."""
    places = {str(c.constant(i)): i + 1 for i in range(1, len(c.args), 2)}
    parts: list[exp.Expression] = []
    for key in sorted(places, key=lambda k: k.encode("utf-16-be", "surrogatepass")):
        value = _item(c, places[key])
        if c.constant(0) == "NULL":
            value = or_null(value)
        parts.append(template(":key || :value", key=text(key_text(key)), value=value))
    return template(
        "'{' || :listed || '}'", listed=fn("concat_ws", text(","), *parts or [text("")])
    )


def _array(c: Lowered) -> exp.Expression:
    items = [_item(c, i) for i in range(1, len(c.args))]
    if c.constant(0) == "NULL":
        items = [or_null(item) for item in items]
    return template(
        "'[' || :listed || ']'", listed=fn("concat_ws", text(","), *items or [text("")])
    )


LOWERINGS: Mapping[str, Lowering] = {
    "JSON_VALUE": _value,
    "JSON_QUERY": _query,
    "JSON_EXISTS": _exists,
    "IS_JSON": _is_json(negated=False),
    "IS_NOT_JSON": _is_json(negated=True),
    "JSON_STRING": lambda c: json_text(c.args[0], c.type_of(0), c.time_zone),
    "JSON_OBJECT": _object,
    "JSON_ARRAY": _array,
    "JSON": lambda c: fn("flink_json_normal", c.args[0]),
    "JSON_QUOTE": lambda c: fn("flink_json_quote", c.args[0]),
    "JSON_UNQUOTE": lambda c: fn("flink_json_unquote", c.args[0]),
}
