"""Conditions, numbers, strings, hashes and collections: functions that Spark has as Flink has them.

`_same` is a function of the same meaning under Spark's name, for the argument types given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.runners.spark.lowering.build import binary, case, cast, fn, number, text, wrapped
from tidemill.runners.spark.lowering.core import Called, Lowering
from tidemill.runners.spark.lowering.operators import comparable
from tidemill.runners.spark.types import spark_type

Accepts = Callable[[DataType], bool]
_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)


def _string(kind: DataType) -> bool:
    return kind.is_string


def _integer(kind: DataType) -> bool:
    return kind.is_integer


def _exact(kind: DataType) -> bool:
    return kind.is_integer or kind.root is TypeRoot.DECIMAL


def _number(kind: DataType) -> bool:
    return kind.is_numeric


def _any(kind: DataType) -> bool:
    return spark_type(kind) is not None


def _same(name: str, *accepts: Accepts, typed: bool = False) -> Lowering:
    """Spark's function `name`; the last acceptance holds for all further arguments.

    With `typed` the result is cast to Flink's type.
    """

    def lower(c: Called) -> exp.Expression | None:
        for index in range(len(c.args)):
            if not accepts or not accepts[min(index, len(accepts) - 1)](c.type_of(index)):
                return None
        to = spark_type(c.type)
        made = fn(name, *c.args)
        return made if not typed or to is None else cast(made, to)

    return lower


# --- conditions ----------------------------------------------------------------------------------


def _case(c: Called) -> exp.Expression:
    branches = list(zip(c.args[0:-1:2], c.args[1:-1:2], strict=True))
    default = None if isinstance(c.args[-1], exp.Null) else c.args[-1]
    return case(*branches, default=default)


def _if(c: Called) -> exp.Expression:
    return fn("if", *c.args)


def _coalesce(c: Called) -> exp.Expression:
    return fn("coalesce", *c.args)


def _nullif(c: Called) -> exp.Expression | None:
    """(value, and the two that are compared, in their common type)."""
    if not comparable(c.type_of(1), c.type_of(2)) or c.type_of(1).root in _APPROXIMATE:
        return None
    value, left, right = c.args
    return case((binary(exp.EQ, left, right), exp.Null()), default=value.copy())


def _extreme(name: str) -> Lowering:
    """GREATEST and LEAST: NULL where any argument is, which Spark would leave out."""

    def lower(c: Called) -> exp.Expression | None:
        kinds = [c.type_of(i) for i in range(len(c.args))]
        if any(kind.root in _APPROXIMATE for kind in kinds):
            return None
        if not all(comparable(kinds[0], kind) for kind in kinds):
            return None
        nullable = [a for a, kind in zip(c.args, kinds, strict=True) if kind.nullable]
        made = fn(name, *c.args)
        if not nullable:
            return made
        missing: exp.Expression = exp.Is(this=wrapped(nullable[0].copy()), expression=exp.Null())
        for argument in nullable[1:]:
            one = exp.Is(this=wrapped(argument.copy()), expression=exp.Null())
            missing = exp.Or(this=missing, expression=one)
        return case((missing, exp.Null()), default=made)

    return lower


# --- numbers -------------------------------------------------------------------------------------


def _whole(name: str) -> Lowering:
    """CEIL and FLOOR of a number, as the type that it has."""

    def lower(c: Called) -> exp.Expression | None:
        if len(c.args) != 1 or not _exact(c.type_of(0)):
            return None
        return (
            c.args[0]
            if c.type_of(0).is_integer
            else cast(fn(name, *c.args), spark_type(c.type) or "")
        )

    return lower


def _round(c: Called) -> exp.Expression | None:
    digits = c.constant(1) if len(c.args) == 2 else 0
    if not isinstance(digits, int) or not _exact(c.type_of(0)):
        return None
    return cast(fn("round", c.args[0], number(digits)), spark_type(c.type) or "")


def _double(name: str) -> Lowering:
    """A function of DOUBLE; other numbers are converted as Flink converts them."""

    def lower(c: Called) -> exp.Expression | None:
        if not all(c.type_of(i).is_numeric for i in range(len(c.args))):
            return None
        given = [
            a if c.type_of(i).root is TypeRoot.DOUBLE else cast(a, "DOUBLE")
            for i, a in enumerate(c.args)
        ]
        return fn(name, *given)

    return lower


# --- strings -------------------------------------------------------------------------------------


def _substring(c: Called) -> exp.Expression | None:
    """With constants: beyond the begin of a text, and for negative lengths, Spark differs."""
    places = [c.constant(i) for i in range(1, len(c.args))]
    if not c.type_of(0).is_string or not all(isinstance(p, int) and p >= 0 for p in places):
        return None
    return fn("substring", *c.args)


def _trim(c: Called) -> exp.Expression | None:
    """TRIM([BOTH|LEADING|TRAILING] characters FROM text) comes as (side, characters, text)."""
    side, characters = c.constant(0), c.constant(1)
    if len(c.args) != 3 or not characters or not c.type_of(2).is_string:
        return None
    if side == "BOTH":
        return fn("btrim", c.args[2], c.args[1])
    return fn("ltrim" if side == "LEADING" else "rtrim", c.args[1], c.args[2])


def _trim_blanks(name: str) -> Lowering:
    def lower(c: Called) -> exp.Expression | None:
        return fn(name, *c.args) if len(c.args) == 1 and c.type_of(0).is_string else None

    return lower


def _replace(c: Called) -> exp.Expression | None:
    """With a constant to search for: Flink finds an empty one, Spark does not."""
    return fn("replace", *c.args) if c.constant(1) and c.type_of(0).is_string else None


def _constant(name: str) -> Lowering:
    """A function whose further arguments are constant texts: NULL and bad patterns differ."""

    def lower(c: Called) -> exp.Expression | None:
        texts = [c.constant(i) for i in range(1, len(c.args))]
        if not c.type_of(0).is_string or not all(isinstance(given, str) for given in texts):
            return None
        return fn(name, *c.args)

    return lower


def _regexp_replace(c: Called) -> exp.Expression | None:
    """With constants: Flink takes the replacement as it stands, without groups."""
    pattern, by = c.constant(1), c.constant(2)
    if not isinstance(pattern, str) or not isinstance(by, str) or "$" in by or "\\" in by:
        return None
    return fn("regexp_replace", *c.args)


def _concat(c: Called) -> exp.Expression | None:
    if not all(c.type_of(i).is_string for i in range(len(c.args))):
        return None
    return fn("concat", *c.args)


def _position(c: Called) -> exp.Expression | None:
    if len(c.args) != 2 or not all(c.type_of(i).is_string for i in (0, 1)):
        return None
    return fn("locate", *c.args)


def _instr(c: Called) -> exp.Expression | None:
    if len(c.args) != 2 or not all(c.type_of(i).is_string for i in (0, 1)):
        return None
    return fn("instr", *c.args)


def _sha2(bits: int | None) -> Lowering:
    def lower(c: Called) -> exp.Expression | None:
        size = bits if bits is not None else c.constant(1)
        if size not in (224, 256, 384, 512) or not c.type_of(0).is_string:
            return None
        return fn("sha2", c.args[0], number(int(str(size))))

    return lower


# --- collections ---------------------------------------------------------------------------------


def _field(c: Called) -> exp.Expression:
    return exp.Dot(
        this=wrapped(c.args[0]), expression=exp.to_identifier(str(c.constant(1)), quoted=True)
    )


def _row(c: Called) -> exp.Expression | None:
    if spark_type(c.type) is None:
        return None
    parts: list[exp.Expression] = []
    for field, argument in zip(c.type.fields, c.args, strict=True):
        parts += [text(field.name), argument]
    return fn("named_struct", *parts)


def _array(c: Called) -> exp.Expression | None:
    return None if spark_type(c.type) is None else fn("array", *c.args)


def _item(c: Called) -> exp.Expression | None:
    """Elements count from 1, what is not there is NULL."""
    kind = c.type_of(0)
    if kind.root is TypeRoot.ARRAY:
        index = c.constant(1)
        if not isinstance(index, int) or index < 1:
            return None
        return fn("get", c.args[0], number(index - 1))
    if kind.root is TypeRoot.MAP and kind.key is not None and kind.key.is_string:
        return fn("element_at", *c.args) if c.type_of(1).is_string else None
    return None


def _cardinality(c: Called) -> exp.Expression | None:
    if c.type_of(0).root not in (TypeRoot.ARRAY, TypeRoot.MAP) or not _any(c.type_of(0)):
        return None
    return case(
        (exp.Is(this=wrapped(c.args[0].copy()), expression=exp.Null()), exp.Null()),
        default=fn("cardinality", c.args[0]),
    )


LOWERINGS: Mapping[str, Lowering] = {
    "CASE": _case,
    "IF": _if,
    "COALESCE": _coalesce,
    "IFNULL": _coalesce,
    "NULLIF": _nullif,
    "GREATEST": _extreme("greatest"),
    "LEAST": _extreme("least"),
    "ABS": _same("abs", _number),
    "CEIL": _whole("ceil"),
    "FLOOR": _whole("floor"),
    "ROUND": _round,
    "SIGN": _same("sign", _number, typed=True),
    **{
        name: _double(name.lower())
        for name in (
            "SQRT",
            "EXP",
            "LN",
            "LOG10",
            "LOG2",
            "POWER",
            "SIN",
            "COS",
            "TAN",
            "COT",
            "ASIN",
            "ACOS",
            "ATAN",
            "ATAN2",
            "SINH",
            "COSH",
            "TANH",
            "DEGREES",
            "RADIANS",
            "PI",
            "E",
        )
    },
    "UPPER": _same("upper", _string),
    "LOWER": _same("lower", _string),
    "CHAR_LENGTH": _same("char_length", _string),
    "SUBSTRING": _substring,
    "LEFT": _same("left", _string, _integer),
    "RIGHT": _same("right", _string, _integer),
    "LTRIM": _trim_blanks("ltrim"),
    "RTRIM": _trim_blanks("rtrim"),
    "BTRIM": _trim_blanks("btrim"),
    "TRIM": _trim,
    "REPLACE": _replace,
    "POSITION": _position,
    "LOCATE": _position,
    "INSTR": _instr,
    "CONCAT": _concat,
    "CONCAT_OPERATOR": _concat,
    "CONCAT_WS": _same("concat_ws", _string),
    "REVERSE": _same("reverse", _string),
    "REPEAT": _same("repeat", _string, _integer),
    "CHR": _same("chr", _integer),
    "HEX": _same("hex", lambda k: k.is_string or k.is_integer),
    "BIN": _same("bin", _integer),
    "MD5": _same("md5", _string),
    "SHA1": _same("sha1", _string),
    "SHA2": _sha2(None),
    **{f"SHA{bits}": _sha2(bits) for bits in (224, 256, 384, 512)},
    "STARTSWITH": _same("startswith", _string),
    "ENDSWITH": _same("endswith", _string),
    "TO_BASE64": _same("base64", _string),
    "TRANSLATE": _constant("translate"),
    "ELT": _same("elt", lambda k: k.is_integer or k.is_string),
    "SPLIT_INDEX": _same("split_part", _string),
    "REGEXP_COUNT": _constant("regexp_count"),
    "REGEXP_SUBSTR": _constant("regexp_substr"),
    "REGEXP_INSTR": _constant("regexp_instr"),
    "REGEXP_REPLACE": _regexp_replace,
    "REGEXP": _constant("regexp"),
    "FIELD": _field,
    "ROW": _row,
    "ARRAY": _array,
    "ITEM": _item,
    "CARDINALITY": _cardinality,
    "ARRAY_DISTINCT": _same("array_distinct", _any),
    "ARRAY_MAX": _same("array_max", _any),
    "ARRAY_MIN": _same("array_min", _any),
    "ARRAY_POSITION": _same("array_position", _any, typed=True),
    "ARRAY_REVERSE": _same("reverse", _any),
    "ARRAY_CONCAT": _same("concat", _any),
    "ARRAY_UNION": _same("array_union", _any),
    "ARRAY_EXCEPT": _same("array_except", _any),
    "ARRAY_INTERSECT": _same("array_intersect", _any),
    "ARRAY_JOIN": _same("array_join", _any),
    "ARRAY_APPEND": _same("array_append", _any),
    "ARRAY_PREPEND": _same("array_prepend", _any),
    "MAP_KEYS": _same("map_keys", _any),
    "MAP_VALUES": _same("map_values", _any),
    "MAP_ENTRIES": _same("map_entries", _any),
    "URL_ENCODE": _same("url_encode", _string),
    "URL_DECODE": _same("try_url_decode", _string),
}
