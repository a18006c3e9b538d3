"""Arrays, maps and rows."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.plan.lowering.build import cast, duckdb_type, error, fn, template, text
from tidemill.plan.lowering.core import Lowered, Lowering


def _array(c: Lowered) -> exp.Expression:
    return cast(fn("list_value", *c.args), duckdb_type(c.type))


def _map(c: Lowered) -> exp.Expression:
    built = fn("map", fn("list_value", *c.args[::2]), fn("list_value", *c.args[1::2]))
    return cast(built, duckdb_type(c.type))


def _row(c: Lowered) -> exp.Expression:
    parts = [
        exp.PropertyEQ(this=exp.to_identifier(field.name, quoted=True), expression=value)
        for field, value in zip(c.type.fields, c.args, strict=True)
    ]
    return exp.Struct(expressions=parts)


def _field(c: Lowered) -> exp.Expression:
    return fn("struct_extract", c.args[0], text(str(c.constant(1))))


_DEFAULTS = {
    **dict.fromkeys((TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT), "-1"),
    **dict.fromkeys((TypeRoot.FLOAT, TypeRoot.DOUBLE), "-1.0"),
    **dict.fromkeys((TypeRoot.CHAR, TypeRoot.VARCHAR), ""),
    TypeRoot.BOOLEAN: "false",
}
"""What Flink's code has where a value that cannot be NULL is not there."""


def _item(c: Lowered) -> exp.Expression:
    """From 1; where there is no such element or key, NULL, or what Flink has for NOT NULL ones."""
    container = c.type_of(0)
    found = _found(c)
    value = container.value or container.element
    if container.nullable or value is None or value.nullable or value.root not in _DEFAULTS:
        return found
    return fn("coalesce", found, cast(text(_DEFAULTS[value.root]), duckdb_type(value)))


def _found(c: Lowered) -> exp.Expression:
    base, index = c.args
    if c.type_of(0).root is TypeRoot.MAP:
        return fn("map_extract_value", base, index)
    position = c.constant(1)
    element = fn("list_extract", base, index)
    if isinstance(position, int) and position > 0:
        return element
    # DuckDB counts a negative index from the end; Flink has nothing there.
    return template("CASE WHEN :i > 0 THEN :element END", i=index, element=element)


def _cardinality(c: Lowered) -> exp.Expression:
    name = "cardinality" if c.type_of(0).root is TypeRoot.MAP else "len"
    return cast(fn(name, c.args[0]), "INTEGER")


def _element(c: Lowered) -> exp.Expression:
    failure = error("engine.invalid-argument", "ELEMENT takes an array of one element, not")
    return template(
        "CASE WHEN len(:a) > 1 THEN :failure ELSE list_extract(:a, 1) END",
        a=c.args[0],
        failure=cast(failure, duckdb_type(c.type)),
    )


def _contains(c: Lowered) -> exp.Expression:
    """A NULL is found among NULLs."""
    return template(
        "CASE WHEN :a IS NOT NULL THEN CASE WHEN :v IS NULL THEN len(list_filter(:a, lambda x: "
        "x IS NULL)) > 0 ELSE COALESCE(list_contains(:a, :v), FALSE) END END",
        a=c.args[0],
        v=c.args[1],
    )


def _position(c: Lowered) -> exp.Expression:
    return template(
        "CASE WHEN :a IS NOT NULL AND :v IS NOT NULL "
        "THEN CAST(COALESCE(list_position(:a, :v), 0) AS INTEGER) END",
        a=c.args[0],
        v=c.args[1],
    )


def _joined(c: Lowered, items: tuple[exp.Expression, ...]) -> exp.Expression:
    """One list of several; NULL if any is (DuckDB would skip it)."""
    result = items[0]
    for item in items[1:]:
        result = template(
            "CASE WHEN :a IS NOT NULL AND :b IS NOT NULL THEN list_concat(:a, :b) END",
            a=result,
            b=item,
        )
    return result


def _append(c: Lowered) -> exp.Expression:
    one = cast(fn("list_value", c.args[1]), duckdb_type(c.type))
    return _joined(c, (c.args[0], one))


def _prepend(c: Lowered) -> exp.Expression:
    one = cast(fn("list_value", c.args[1]), duckdb_type(c.type))
    return _joined(c, (one, c.args[0]))


def _join(c: Lowered) -> exp.Expression:
    items = c.args[0]
    if len(c.args) == 3:
        filled = exp.Lambda(
            this=fn("coalesce", exp.column("x"), c.args[2]), expressions=[exp.to_identifier("x")]
        )
        items = fn("list_transform", items, filled)
    return template(
        "CASE WHEN :a IS NOT NULL AND :d IS NOT NULL "
        "THEN COALESCE(array_to_string(:a, :d), '') END",
        a=items,
        d=c.args[1],
    )


def _split(c: Lowered) -> exp.Expression:
    """An empty string has no parts; an empty delimiter splits into characters."""
    return template(
        "CASE WHEN :d IS NULL THEN NULL WHEN :v = '' THEN CAST([] AS VARCHAR[]) "
        "ELSE string_split(:v, :d) END",
        v=c.args[0],
        d=c.args[1],
    )


def _remove(c: Lowered) -> exp.Expression:
    """All equal ones; NULL takes NULLs."""
    return template("list_filter(:a, lambda x: x IS DISTINCT FROM :v)", a=c.args[0], v=c.args[1])


def _slice(c: Lowered) -> exp.Expression:
    """From and to positions, both in; 0 counts as 1, negative ones from the end."""
    array, start = c.args[:2]
    size = template("CAST(len(:a) AS BIGINT)", a=array)
    first = template(
        "CASE WHEN :i = 0 THEN 1 WHEN :i < 0 THEN greatest(:n + :i + 1, 1) ELSE :i END",
        i=start,
        n=size,
    )
    last: exp.Expression = size
    if len(c.args) == 3:
        last = template(
            "CASE WHEN :i = 0 THEN 1 WHEN :i < 0 THEN :n + :i + 1 ELSE least(:i, :n) END",
            i=c.args[2],
            n=size,
        )
    return template(
        "CASE WHEN :a IS NULL OR :first IS NULL OR :last IS NULL THEN NULL "
        "WHEN :first > :last THEN :a[1:0] ELSE list_slice(:a, :first, :last) END",
        a=array,
        first=first,
        last=last,
    )


def _sort(c: Lowered) -> exp.Expression:
    ascending = len(c.args) == 1 or c.constant(1) is not False
    nulls_first = c.constant(2) if len(c.args) == 3 else ascending
    order, nulls = "ASC" if ascending else "DESC", "FIRST" if nulls_first else "LAST"
    return fn("list_sort", c.args[0], text(order), text(f"NULLS {nulls}"))


def _unique(array: exp.Expression) -> exp.Expression:
    """The first of each value, in order."""
    return template(
        "list_filter(:a, lambda x, i: len(list_filter(list_slice(:a, 1, i - 1), "
        "lambda y: y IS NOT DISTINCT FROM x)) = 0)",
        a=array,
    )


def _union(c: Lowered) -> exp.Expression:
    return _unique(_joined(c, c.args))


def _members(*, kept: bool) -> Lowering:
    """The values of the first array, each once, that are in the second, or are not."""

    def lower(c: Lowered) -> exp.Expression:
        test = "> 0" if kept else "= 0"
        return template(
            "CASE WHEN :b IS NOT NULL THEN list_filter(:a, lambda x: "
            f"len(list_filter(:b, lambda y: y IS NOT DISTINCT FROM x)) {test}) END",
            a=_unique(c.args[0]),
            b=c.args[1],
        )

    return lower


def _map_union(c: Lowered) -> exp.Expression:
    """Of equal keys the last map's value; NULL if any map is."""
    result, *others = c.args
    for other in others:
        result = template(
            "CASE WHEN :a IS NOT NULL AND :b IS NOT NULL THEN map_concat(:a, :b) END",
            a=result,
            b=other,
        )
    return result


def _map_from_arrays(c: Lowered) -> exp.Expression:
    """Of equal keys the last value; arrays of other lengths fail the row."""
    keys, values = c.args
    failure = error("engine.invalid-argument", "MAP_FROM_ARRAYS takes arrays of one length")
    last = template(
        "list_filter(range(1, len(:k) + 1), lambda i: len(list_filter(list_slice(:k, i + 1, len(:k)"
        "), lambda y: y IS NOT DISTINCT FROM list_extract(:k, i))) = 0)",
        k=keys,
    )
    return template(
        "CASE WHEN :k IS NULL OR :v IS NULL THEN NULL WHEN len(:k) <> len(:v) THEN :failure "
        "ELSE map(list_transform(:last, lambda i: list_extract(:k, i)), "
        "list_transform(:last, lambda i: list_extract(:v, i))) END",
        k=keys,
        v=values,
        last=last,
        failure=cast(failure, duckdb_type(c.type)),
    )


def _call(name: str) -> Lowering:
    return lambda c: fn(name, *c.args)


LOWERINGS: Mapping[str, Lowering] = {
    "ARRAY": _array,
    "MAP": _map,
    "ROW": _row,
    "FIELD": _field,
    "ITEM": _item,
    "CARDINALITY": _cardinality,
    "ELEMENT": _element,
    "ARRAY_CONTAINS": _contains,
    "ARRAY_POSITION": _position,
    "ARRAY_APPEND": _append,
    "ARRAY_PREPEND": _prepend,
    "ARRAY_CONCAT": lambda c: _joined(c, c.args),
    "ARRAY_JOIN": _join,
    "ARRAY_DISTINCT": lambda c: _unique(c.args[0]),
    "ARRAY_REVERSE": _call("list_reverse"),
    "ARRAY_MAX": _call("list_max"),
    "ARRAY_MIN": _call("list_min"),
    "ARRAY_REMOVE": _remove,
    "ARRAY_SLICE": _slice,
    "ARRAY_SORT": _sort,
    "ARRAY_UNION": _union,
    "ARRAY_EXCEPT": _members(kept=False),
    "ARRAY_INTERSECT": _members(kept=True),
    "MAP_UNION": _map_union,
    "MAP_ENTRIES": _call("map_entries"),
    "MAP_FROM_ARRAYS": _map_from_arrays,
    "MAP_KEYS": _call("map_keys"),
    "MAP_VALUES": _call("map_values"),
    "SPLIT": _split,
}
