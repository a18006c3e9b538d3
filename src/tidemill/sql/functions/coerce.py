"""Which type several expressions share, what casts exist, and which of them happen by themselves.

Rules are those of Flink 2.3 (Calcite's least restrictive type with Flink's type system; Flink's
table of explicit and implicit casts). Where Flink's planner has no common type, there is none here
and the binder refuses; where Flink's own rule is doubtful, there is none either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tidemill.model import DataType, Field, TypeRoot
from tidemill.model.types import DOUBLE, decimal, string
from tidemill.sql.expressions import Cast, Expression, Literal

MAX_PRECISION = 38
_MIN_ADJUSTED_SCALE = 6
_INTEGER_RANK = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT)
_INTEGER_DIGITS = dict(zip(_INTEGER_RANK, (3, 5, 10, 19), strict=True))
_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)
_BINARY = (TypeRoot.BINARY, TypeRoot.VARBINARY)
_CONSTRUCTED = (TypeRoot.ARRAY, TypeRoot.MAP, TypeRoot.MULTISET, TypeRoot.ROW)


# --- decimals ------------------------------------------------------------------------------------


def as_decimal(type_: DataType) -> DataType:
    """The DECIMAL that holds every value of an exact numeric type."""
    if type_.root is TypeRoot.DECIMAL:
        return type_
    return decimal(_INTEGER_DIGITS[type_.root], 0, type_.nullable)


def adjusted_decimal(precision: int, scale: int) -> DataType:
    """DECIMAL of a computed precision; above 38 digits the scale gives way, down to 6."""
    if precision <= MAX_PRECISION:
        return decimal(precision, scale)
    whole_digits = precision - scale
    kept_scale = max(MAX_PRECISION - whole_digits, min(scale, _MIN_ADJUSTED_SCALE))
    return decimal(MAX_PRECISION, kept_scale)


def _digits(left: DataType, right: DataType) -> tuple[int, int, int, int]:
    one, two = as_decimal(left), as_decimal(right)
    return one.precision or 0, one.scale or 0, two.precision or 0, two.scale or 0


def addition_decimal(left: DataType, right: DataType) -> DataType:
    """Result of `+` and `-` over decimals."""
    p1, s1, p2, s2 = _digits(left, right)
    scale = max(s1, s2)
    return adjusted_decimal(max(p1 - s1, p2 - s2) + scale + 1, scale)


def multiplication_decimal(left: DataType, right: DataType) -> DataType:
    """Result of `*` over decimals."""
    p1, s1, p2, s2 = _digits(left, right)
    return adjusted_decimal(p1 + p2 + 1, s1 + s2)


def division_decimal(left: DataType, right: DataType) -> DataType:
    """Result of `/` over decimals."""
    p1, s1, p2, s2 = _digits(left, right)
    scale = max(_MIN_ADJUSTED_SCALE, s1 + p2 + 1)
    return adjusted_decimal(p1 - s1 + s2 + scale, scale)


def modulo_decimal(left: DataType, right: DataType) -> DataType:
    """Result of MOD over decimals."""
    p1, s1, p2, s2 = _digits(left, right)
    if s1 == 0 and s2 == 0:
        return right
    scale = max(s1, s2)
    return adjusted_decimal(min(p1 - s1, p2 - s2) + scale, scale)


def round_decimal(precision: int, scale: int, digits: int) -> DataType:
    """Result of ROUND(decimal, digits)."""
    if digits >= scale:
        return decimal(precision, scale)
    if digits < 0:
        return decimal(min(MAX_PRECISION, 1 + precision - scale), 0)
    return decimal(1 + precision - scale + digits, digits)


# --- common type ---------------------------------------------------------------------------------


def common_type(types: Sequence[DataType]) -> DataType | None:
    """The type that all of `types` are brought to (CASE, COALESCE, UNION, IN), or None.

    NULL literals do not count, except that they make the result nullable. All NULL: None.
    """
    nullable = any(type_.nullable or type_.root is TypeRoot.NULL for type_ in types)
    result: DataType | None = None
    for type_ in types:
        if type_.root is TypeRoot.NULL:
            continue
        result = type_ if result is None else _common(result, type_)
        if result is None:
            return None
    return None if result is None else result.with_nullable(nullable)


def _common(left: DataType, right: DataType) -> DataType | None:
    if replace(left, nullable=True) == replace(right, nullable=True):
        return left
    for fits, merge in _MERGES:
        if fits(left) and fits(right):
            return merge(left, right)
    return None


def _common_numeric(left: DataType, right: DataType) -> DataType | None:
    approximate = [t for t in (left, right) if t.root in _APPROXIMATE]
    if approximate:
        if TypeRoot.DECIMAL in (left.root, right.root):
            return DOUBLE
        return approximate[0]  # of FLOAT and DOUBLE the first wins, as in Flink
    if left.is_integer and right.is_integer:
        return max(left, right, key=lambda t: _INTEGER_RANK.index(t.root))
    p1, s1, p2, s2 = _digits(left, right)
    whole = min(max(p1 - s1, p2 - s2), MAX_PRECISION)
    scale = min(max(s1, s2), MAX_PRECISION - whole)
    return decimal(whole + scale, scale)


def _common_length(left: DataType, right: DataType) -> DataType | None:
    text = left.is_string
    fixed, varying = (
        (TypeRoot.CHAR, TypeRoot.VARCHAR) if text else (TypeRoot.BINARY, TypeRoot.VARBINARY)
    )
    length = max(left.length or 1, right.length or 1)
    same = left.root is fixed and right.root is fixed and left.length == right.length
    return DataType(fixed if same else varying, length=length)


def _common_temporal(left: DataType, right: DataType) -> DataType | None:
    roots = {left.root, right.root}
    precision = max(left.precision or 0, right.precision or 0)
    if len(roots) == 1:
        return replace(left, precision=precision if left.precision is not None else None)
    return None  # Flink has none for DATE with TIMESTAMP


def _common_constructed(left: DataType, right: DataType) -> DataType | None:
    if left.root is not right.root:
        return None
    if left.root is TypeRoot.ROW:
        return _common_row(left, right)
    element = _common_part(left.element, right.element)
    key = _common_part(left.key, right.key)
    value = _common_part(left.value, right.value)
    if left.root is TypeRoot.MAP:
        return replace(left, key=key, value=value) if key and value else None
    return replace(left, element=element) if element else None


def _common_part(left: DataType | None, right: DataType | None) -> DataType | None:
    return None if left is None or right is None else common_type((left, right))


def _common_row(left: DataType, right: DataType) -> DataType | None:
    if len(left.fields) != len(right.fields):
        return None
    fields = []
    for one, two in zip(left.fields, right.fields, strict=True):
        shared = common_type((one.type, two.type))
        if shared is None:
            return None
        fields.append(Field(one.name, shared))
    return replace(left, fields=tuple(fields))


_Merge = tuple[Callable[[DataType], bool], Callable[[DataType, DataType], "DataType | None"]]
_MERGES: tuple[_Merge, ...] = (
    (lambda t: t.is_numeric, _common_numeric),
    (lambda t: t.is_string, _common_length),
    (lambda t: t.root in _BINARY, _common_length),
    (lambda t: t.root in (TypeRoot.DATE, TypeRoot.TIME) or t.is_timestamp, _common_temporal),
    (lambda t: t.is_interval and t.root is TypeRoot.INTERVAL_DAY_TIME, lambda a, b: a),
    (lambda t: t.is_interval and t.root is TypeRoot.INTERVAL_YEAR_MONTH, lambda a, b: a),
    (lambda t: t.root in _CONSTRUCTED, _common_constructed),
)


def comparison_type(left: DataType, right: DataType) -> DataType | None:
    """The type in which two values are compared with `=`, `<`, IN or BETWEEN, or None.

    Beyond the common type, a character string is compared with a date, time or timestamp as that,
    and TIMESTAMP with TIMESTAMP_LTZ as local timestamps. A number is not compared with a string:
    the text must say which is cast.
    """
    for one, two in ((left, right), (right, left)):
        if one.root is TypeRoot.NULL:
            return two.with_nullable(True)
        temporal = two.is_timestamp or two.root in (TypeRoot.DATE, TypeRoot.TIME)
        if one.is_string and temporal:
            return two.with_nullable(one.nullable or two.nullable)
        if one.root is TypeRoot.TIMESTAMP and two.root is TypeRoot.TIMESTAMP_LTZ:
            precision = max(one.precision or 0, two.precision or 0)
            return replace(one, precision=precision, nullable=one.nullable or two.nullable)
    return common_type((left, right))


# --- casts ---------------------------------------------------------------------------------------

_NUMERIC = (*_INTEGER_RANK, TypeRoot.DECIMAL, *_APPROXIMATE)
_TEXT = (TypeRoot.CHAR, TypeRoot.VARCHAR)
_STAMPS = (TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ)
_INTERVALS = (TypeRoot.INTERVAL_YEAR_MONTH, TypeRoot.INTERVAL_DAY_TIME)

_EXPLICIT: dict[TypeRoot, frozenset[TypeRoot]] = {
    **{
        root: frozenset((TypeRoot.BOOLEAN, *_NUMERIC, *_TEXT))
        for root in (TypeRoot.BOOLEAN, *_INTEGER_RANK, *_APPROXIMATE, TypeRoot.DECIMAL)
    },
    **{
        root: frozenset(
            (TypeRoot.BOOLEAN, *_NUMERIC, *_TEXT, *_BINARY, TypeRoot.DATE, TypeRoot.TIME, *_STAMPS)
        )
        for root in _TEXT
    },
    **{root: frozenset((*_BINARY, *_TEXT)) for root in _BINARY},
    TypeRoot.DATE: frozenset((TypeRoot.DATE, *_STAMPS, *_TEXT)),
    TypeRoot.TIME: frozenset((TypeRoot.TIME, *_STAMPS, *_TEXT)),
    **{root: frozenset((TypeRoot.DATE, TypeRoot.TIME, *_STAMPS, *_TEXT)) for root in _STAMPS},
    **{root: frozenset((root, *_TEXT)) for root in _INTERVALS},
}


def can_cast(source: DataType, target: DataType) -> bool:
    """Whether CAST and TRY_CAST from `source` to `target` exist."""
    if source.root is TypeRoot.NULL:
        return True
    if source.root in _CONSTRUCTED:
        return _can_convert_constructed(source, target, can_cast)
    return target.root in _EXPLICIT.get(source.root, frozenset())


def can_store(source: DataType, target: DataType) -> bool:
    """Whether a query column of type `source` may be written to a sink column of type `target`.

    Only casts that Flink makes by itself count: widening of numbers, any length or precision
    within one family of types, DATE to TIMESTAMP, TIMESTAMP to and from TIMESTAMP_LTZ.
    A nullable column may be offered to a NOT NULL one: each row is then checked when it is written.
    """
    if source.root is TypeRoot.NULL:
        return True
    if source.root in _CONSTRUCTED:
        return _can_convert_constructed(source, target, can_store)
    return target.root in _implicit_targets(source.root)


def _implicit_targets(root: TypeRoot) -> tuple[TypeRoot, ...]:
    if root in _INTEGER_RANK:
        wider = _INTEGER_RANK[_INTEGER_RANK.index(root) :]
        return (*wider, TypeRoot.DECIMAL, *_APPROXIMATE)
    return {
        TypeRoot.FLOAT: _APPROXIMATE,
        TypeRoot.DOUBLE: (TypeRoot.DOUBLE,),
        TypeRoot.DECIMAL: (TypeRoot.DECIMAL, *_APPROXIMATE),
        TypeRoot.CHAR: _TEXT,
        TypeRoot.VARCHAR: _TEXT,
        TypeRoot.BINARY: _BINARY,
        TypeRoot.VARBINARY: _BINARY,
        TypeRoot.DATE: (TypeRoot.DATE, TypeRoot.TIMESTAMP),
        TypeRoot.TIMESTAMP: _STAMPS,
        TypeRoot.TIMESTAMP_LTZ: _STAMPS,
    }.get(root, (root,))


def _can_convert_constructed(
    source: DataType, target: DataType, check: Callable[[DataType, DataType], bool]
) -> bool:
    if source.root is not target.root:
        return check is can_cast and target.is_string
    if source.root is TypeRoot.ROW:
        return len(source.fields) == len(target.fields) and all(
            check(one.type, two.type) for one, two in zip(source.fields, target.fields, strict=True)
        )
    pairs = (
        (source.element, target.element),
        (source.key, target.key),
        (source.value, target.value),
    )
    return all(
        one is not None and two is not None and check(one, two)
        for one, two in pairs
        if one is not None or two is not None
    )


def cast_to(expression: Expression, target: DataType) -> Expression:
    """`expression` as `target`; unchanged where only the nullability would differ.

    A NULL literal takes the type itself. The result keeps the expression's nullability.
    """
    source = expression.type
    wanted = target.with_nullable(source.nullable or source.root is TypeRoot.NULL)
    if isinstance(expression, Literal) and expression.value is None:
        return Literal(None, target.with_nullable(True), expression.span)
    if source == wanted:
        return expression
    return Cast(expression, wanted, span=expression.span)


def assignment_cast(expression: Expression, target: DataType) -> Expression:
    """`expression` as a sink column of type `target`; ask `can_store` first.

    Strings longer than the column are not cut and shorter CHAR values are not padded: Flink leaves
    both alone unless `table.exec.sink.type-length-enforcer` says otherwise.
    """
    source = expression.type
    same_family = (source.is_string and target.is_string) or (
        source.root in _BINARY and target.root in _BINARY
    )
    if same_family:
        return expression
    return cast_to(expression, target)


def text_type(nullable: bool) -> DataType:
    """STRING, the result of most string functions."""
    return string(nullable)
