"""CAST and TRY_CAST as Flink computes them; Spark runs with ANSI mode off.

Numbers are converted as Java does, by both. A text that is no value of the type is NULL in Spark:
TRY_CAST is that, and CAST fails the job, as in Flink.
"""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import MAX_LENGTH
from tidemill.runners.spark.lowering.build import (
    case,
    cast,
    failing,
    fn,
    is_null,
    number,
    since_1970,
    text,
)
from tidemill.runners.spark.types import spark_type
from tidemill.sql.expressions import Cast

_UTC = ("UTC", "Etc/UTC", "GMT", "Z")
_APPROXIMATE = (TypeRoot.FLOAT, TypeRoot.DOUBLE)
_BYTES = (TypeRoot.BINARY, TypeRoot.VARBINARY)


def is_utc(time_zone: str) -> bool:
    """Whether a session in this zone reads local timestamps as they stand."""
    return time_zone in _UTC


def lower_cast(argument: exp.Expression, node: Cast, time_zone: str) -> exp.Expression | None:
    """The conversion; None where it was not shown to be Flink's."""
    source, target = node.argument.type, node.type
    to = spark_type(target)
    if to is None or (spark_type(source) is None and source.root is not TypeRoot.NULL):
        return None
    if source.with_nullable(True) == target.with_nullable(True):
        return argument
    if source.root is TypeRoot.NULL:
        return cast(exp.Null(), to)
    if target.is_string:
        return _cut(_to_text(argument, source, time_zone), source, target)
    if source.is_string:
        return _from_text(argument, source, target, to, safe=node.safe)
    if source.is_numeric and target.is_numeric:
        return _number(argument, source, target, to)
    if source.root in _BYTES and target.root is TypeRoot.VARBINARY and target.length == MAX_LENGTH:
        return argument
    if source.root is TypeRoot.BOOLEAN and target.is_integer:
        return cast(argument, to)
    if source.is_integer and target.root is TypeRoot.BOOLEAN:
        return cast(argument, to)
    return _temporal(argument, source, target, to, time_zone)


def _exact(kind: DataType) -> bool:
    return kind.is_integer or kind.root is TypeRoot.DECIMAL


def _number(
    argument: exp.Expression, source: DataType, target: DataType, to: str
) -> exp.Expression | None:
    if source.root in _APPROXIMATE and target.root is TypeRoot.DECIMAL:
        return None
    return cast(argument, to)


def _to_text(argument: exp.Expression, source: DataType, time_zone: str) -> exp.Expression | None:
    if source.is_string:
        return argument
    if source.is_integer or source.root in (*_APPROXIMATE, TypeRoot.DATE):
        return cast(argument, "STRING")
    if source.root is TypeRoot.BOOLEAN:
        return fn("upper", cast(argument, "STRING"))
    if source.is_timestamp and (source.root is TypeRoot.TIMESTAMP_LTZ or is_utc(time_zone)):
        digits = source.precision or 0
        fraction = "." + "S" * digits if digits else ""
        return fn("date_format", argument, text("yyyy-MM-dd HH:mm:ss" + fraction))
    return None


def _cut(made: exp.Expression | None, source: DataType, target: DataType) -> exp.Expression | None:
    """CHAR is padded and cut, VARCHAR is cut."""
    if made is None or target.length == MAX_LENGTH:
        return made
    if target.root is TypeRoot.CHAR:
        return fn("rpad", made, number(target.length or 1), text(" "))
    if source.is_string and (source.length or MAX_LENGTH) <= (target.length or 1):
        return made
    return fn("left", made, number(target.length or 1))


def _from_text(
    argument: exp.Expression, source: DataType, target: DataType, to: str, *, safe: bool
) -> exp.Expression | None:
    if target.root is TypeRoot.VARBINARY and target.length == MAX_LENGTH:
        return cast(argument, to)
    if not _exact(target) or (safe and target.root is TypeRoot.DECIMAL):
        return None
    read = cast(argument, to)
    if safe:
        return read
    wrong = failing(f"no {target.sql()}:", argument)
    return case((is_null(argument), exp.Null()), default=fn("coalesce", read, cast(wrong, to)))


def _temporal(
    argument: exp.Expression, source: DataType, target: DataType, to: str, time_zone: str
) -> exp.Expression | None:
    roots = (source.root, target.root)
    if source.root is target.root and source.is_timestamp:
        if (target.precision or 0) >= (source.precision or 0):
            return argument
        unit = {0: "SECOND", 3: "MILLISECOND"}.get(target.precision or 0)
        if unit is None or not is_utc(time_zone):
            return None
        return cast(fn("date_trunc", text(unit), since_1970(argument, source)), to)
    if roots == (TypeRoot.DATE, TypeRoot.TIMESTAMP) or (
        target.root is TypeRoot.DATE and source.is_timestamp
    ):
        return cast(since_1970(argument, source), to)
    zoned = {*roots} == {TypeRoot.TIMESTAMP, TypeRoot.TIMESTAMP_LTZ} and is_utc(time_zone)
    if zoned and (target.precision or 0) >= (source.precision or 0):
        return cast(argument, to)
    return None
