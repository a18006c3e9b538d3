"""Keys of a changelog: which columns tell one of its rows from all others, and for how long.

A sink with a PRIMARY KEY keeps one row per key. Where a query's changes are keyed otherwise, two of
its rows could meet under one key of the sink, and the withdrawal of one would remove the other.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.errors import SqlError, TextWhere
from tidemill.interfaces.options import parse_duration_ms
from tidemill.model import DataType, TableDescriptor, TypeRoot
from tidemill.sql.expressions import Cast, Expression, InputRef
from tidemill.sql.join_conditions import conjuncts, equality
from tidemill.sql.logical import (
    Aggregate,
    CurrentWatermark,
    Filter,
    Join,
    JoinKind,
    LogicalNode,
    Project,
    PythonCalc,
    Rank,
    Scan,
    SetOperation,
    Watermark,
)

TTL = "table.exec.state.ttl"


def state_ttl_ms(settings: Mapping[str, str], where: TextWhere | None) -> int:
    """How long state lives that nothing updates; 0: for ever."""
    given = settings.get(TTL, "0")
    try:
        return parse_duration_ms(given)
    except ValueError as error:
        raise SqlError(
            f"`{TTL}` takes {error}, not `{given}`", code="plan.bad-option", where=where
        ) from None


def state_bound(what: str, ttl_ms: int) -> str:
    """How far keyed state can grow, as `explain` says it."""
    return f"{what} of the last {ttl_ms} ms" if ttl_ms else "unbounded: no TTL"


def upsert_keys(node: LogicalNode) -> list[frozenset[int]] | None:
    """Sets of columns that each identify a row of a changelog; None where nothing is known."""
    if isinstance(node, Aggregate):
        return [frozenset(range(len(node.keys)))]
    if isinstance(node, (Filter, Watermark, CurrentWatermark, PythonCalc)):
        return upsert_keys(node.input)
    if isinstance(node, Project):
        return _through(node)
    if isinstance(node, SetOperation) and not node.all:
        return [frozenset(range(len(node.fields)))]
    if isinstance(node, Rank):
        return [*_rank_keys(node), *(upsert_keys(node.input) or [])]
    if isinstance(node, Join):
        return _join_keys(node)
    if isinstance(node, Scan) and node.table.primary_key:
        names = [field.name for field in node.fields]
        return [frozenset(names.index(name) for name in node.table.primary_key)]
    return None


def _join_keys(node: Join) -> list[frozenset[int]] | None:
    """A side's keys hold for the pairs where each of its rows has at most one partner.

    Otherwise a pair is known by a key of each side.
    """
    left, right = upsert_keys(node.left), upsert_keys(node.right) or []
    if not node.kind.pairs:
        return left
    left = left or []
    width = len(node.left.fields)
    columns = [
        (pair.left.index, pair.right.index)
        for part in conjuncts(node.condition)
        if (pair := equality(part, width)) is not None
        and isinstance(pair.left, InputRef)
        and isinstance(pair.right, InputRef)
    ]
    to_right = {one: other + width for one, other in columns}
    to_left = {other + width: one for one, other in columns}
    moved = [frozenset(i + width for i in key) for key in right]
    keys: list[frozenset[int]] = []
    if any(key <= to_left.keys() for key in moved) and not node.kind.keeps_right:
        keys += left
    if any(key <= to_right.keys() for key in left) and not node.kind.keeps_left:
        keys += moved
    if node.kind is JoinKind.INNER:  # equal columns stand for each other
        keys += [frozenset(to_right.get(i, i) for i in key) for key in keys]
        keys += [frozenset(to_left.get(i, i) for i in key) for key in keys]
    both = [one | other for one in left for other in moved]
    return list(dict.fromkeys([*keys, *both]))


def _rank_keys(node: Rank) -> list[frozenset[int]]:
    """The partition where there is one row of each, else the partition and the number."""
    columns = [_passed_on(key) for key in node.keys]
    partition = frozenset(c for c in columns if c is not None)
    if None in columns:
        return []
    return [partition if node.limit == 1 else partition | {len(node.fields) - 1}]


def _through(node: Project) -> list[frozenset[int]] | None:
    below = upsert_keys(node.input)
    if below is None:
        return None
    places: dict[int, int] = {}
    for place, expression in enumerate(node.expressions):
        index = _passed_on(expression)
        if index is not None:
            places.setdefault(index, place)
    return [frozenset(places[i] for i in key) for key in below if key <= places.keys()]


def _passed_on(expression: Expression) -> int | None:
    """The column that an expression hands on so that different values stay different."""
    if isinstance(expression, InputRef):
        return expression.index
    if isinstance(expression, Cast) and _injective(expression.argument.type, expression.type):
        return _passed_on(expression.argument)
    return None


_INTEGERS = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT)


def _injective(given: DataType, wanted: DataType) -> bool:
    if given.with_nullable(True) == wanted.with_nullable(True):
        return True
    if given.root in _INTEGERS and wanted.root in _INTEGERS:
        return _INTEGERS.index(given.root) <= _INTEGERS.index(wanted.root)
    if given.is_string and wanted.root is TypeRoot.VARCHAR:
        return (given.length or 0) <= (wanted.length or 0)
    if given.is_timestamp and given.root is wanted.root:
        return (given.precision or 0) <= (wanted.precision or 0)
    return False


def sink_key(query: LogicalNode, sink: TableDescriptor, where: TextWhere | None) -> None:
    """A keyed sink must be keyed as the changes are, or more finely."""
    keys = upsert_keys(query)
    if keys is None or not sink.primary_key:
        return
    names = [field.name for field in sink.schema.columns]
    primary = frozenset(names.index(name) for name in sink.primary_key if name in names)
    if any(key <= primary for key in keys):
        return
    if keys:
        own = "(" + ", ".join(names[i] for i in sorted(keys[0])) + ")" if keys[0] else "no column"
        detail = f"The query's rows are identified by {own}."
    else:
        detail = "The query leaves out the columns that identify its rows."
    raise SqlError(
        f"the PRIMARY KEY ({', '.join(sink.primary_key)}) of sink `{sink.name}` does not identify "
        "the query's rows",
        code="plan.sink-key-mismatch",
        where=where,
        detail=detail + " Two of its rows could have the same key in the sink.",
        hint="Declare the sink's PRIMARY KEY over the columns of GROUP BY, or over the "
        "PRIMARY KEYs of the joined tables, and select them.",
    )
