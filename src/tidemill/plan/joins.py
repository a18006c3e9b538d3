"""The queries of joins over keyed state: what is kept of each side, its codes, and the condition.

Each side keeps the columns that anybody reads behind the join (`c0`, `c1`, ... as in its input),
those of the condition, and the keys: `p0`, ... where a key is more than a column. A row's key code
is the key itself where that is one whole number, else a hash; rows with the same code are pairs
only where the `condition` query says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.plan.fuse import (
    Chain,
    alias,
    column,
    names,
    over,
    probe_query,
    relation,
    rows_query,
    text,
)
from tidemill.plan.lowering import lower
from tidemill.plan.lowering.build import fn
from tidemill.plan.physical import FIRST_END, KIND, ROW, FusedStage, wide
from tidemill.plan.ranks import TIME, weight
from tidemill.plan.windows import micros
from tidemill.records import dataclass
from tidemill.sql.expressions import Expression, InputRef, input_indexes
from tidemill.sql.join_conditions import Equality, conjunction, conjuncts, equality
from tidemill.sql.logical import Fields, Join, TimeAttribute

KEY_CODE = "h"
"""Hidden column: the code of the row's key, int64; NULL where the key matches nothing."""
ROW_CODE = "hr"
"""Hidden column: the code of the whole row, int64."""
WEIGHT = "w"
"""Hidden column: 1, or -1 for a row that is withdrawn."""
SEQUENCE = "q"
"""Hidden column: the number of the row in the order of arrival."""

_WHOLE = (TypeRoot.TINYINT, TypeRoot.SMALLINT, TypeRoot.INTEGER, TypeRoot.BIGINT)


@dataclass(frozen=True, slots=True)
class SideSql:
    """What a join keeps of one side, as columns and queries.

    `codes` gives the codes of the relation `<id>_<port>_rows`; `changes` (where rows are
    withdrawn) sums up the changes `<id>_<port>_batch` per row; `equal` says which rows of
    `<id>_<port>_equal` (columns `a...` and `b...`) have all of `told_apart` the same.
    """

    kept: tuple[int, ...]
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    told_apart: tuple[str, ...]
    codes: str
    changes: str
    equal: str


class JoinSql:
    """Builds the queries of one join; `used` are the output columns that anybody reads."""

    def __init__(
        self,
        node: Join,
        used: frozenset[int],
        retracts: Sequence[bool],
        name: str,
        zone: str,
        equalities: Sequence[Equality],
        rest: Expression | None,
        times: tuple[int, int] | None = None,
    ) -> None:
        self.name, self.zone = name, zone
        self.width = len(node.left.fields)
        self.fields = (node.left.fields, node.right.fields)
        self.retracts = tuple(retracts)
        self.equalities, self.rest, self.times = tuple(equalities), rest, times
        self._keys = ([e.left for e in equalities], [e.right for e in equalities])
        read = used | (frozenset() if rest is None else input_indexes(rest))
        left = frozenset(i for i in read if i < self.width)
        right = frozenset(i - self.width for i in read if i >= self.width)
        self.sides = (self._side(0, left), self._side(1, right))

    @property
    def exact(self) -> bool:
        """Whether the same key code always means the same key."""
        if not self.equalities:
            return True
        (first, *more) = self.equalities
        return not more and not first.null_safe and first.left.type.root in _WHOLE

    def wanted(self, port: int) -> frozenset[int]:
        """The input columns that one side's edges read."""
        keys = [input_indexes(key) for key in self._keys[port]]
        times = frozenset() if self.times is None else frozenset((self.times[port],))
        return frozenset(self.sides[port].kept).union(times, *keys)

    def _side(self, port: int, read: frozenset[int]) -> SideSql:
        keys = self._keys[port]
        plain = {key.index for key in keys if isinstance(key, InputRef)}
        kept = tuple(sorted(read | plain))
        key_names = tuple(
            f"c{key.index}" if isinstance(key, InputRef) else f"p{i}" for i, key in enumerate(keys)
        )
        made = [name for name in key_names if name.startswith("p")]
        columns = (*(f"c{i}" for i in kept), *made) or ("z",)
        told_apart = _told_apart(self.fields[port], columns)
        return SideSql(
            kept,
            columns,
            key_names,
            told_apart,
            self._codes(port, columns, key_names, told_apart),
            self._changes(port, columns, told_apart),
            self._equal(port, told_apart),
        )

    # -- edges

    def edge(self, port: int, chain: Chain, source: str, has_kind: bool) -> FusedStage:
        """The rows of one input of a side, with their codes and weights."""
        side = self.sides[port]
        inputs = names(len(self.fields[port]))
        lowered = [lower(key, inputs, self.zone) for key in self._keys[port]]
        made = [column(f"c{i}") for i in side.kept]
        made += [
            alias(value, name)
            for value, name in zip(lowered, side.keys, strict=True)
            if name.startswith("p")
        ]
        if side.columns == ("z",):
            made = [alias(exp.cast(exp.null(), "BOOLEAN"), "z")]
        if self.retracts[port]:
            made.append(alias(weight(has_kind), WEIGHT))
        rows = over(rows_query(chain, source, [KIND] if has_kind else []), made)
        kept = [column(name) for name in side.columns]
        carried = [column(WEIGHT)] if self.retracts[port] else []
        outputs = [*kept, *carried, *self._coded(port, side.keys, side.told_apart)]
        standing = None
        if self.times is not None:
            time = micros(column(inputs[self.times[port]]))
            made.append(alias(time, TIME))
            outputs.append(column(TIME))
            carried = [column(FIRST_END)]
            wider = over(rows_query(chain, wide(source), [FIRST_END]), [*_copies(made), *carried])
            standing = text(over(wider, [*_copies(outputs), *_copies(carried)]))
            rows = over(rows_query(chain, source, []), made)
        return FusedStage(
            input=source,
            query=text(over(rows, outputs)),
            first_end_query=standing,
            probe=text(probe_query(chain, wide(source), [value.copy() for value in lowered])),
            passing=text(over(rows_query(chain, wide(source), [ROW]), [column(ROW)])),
            filters=chain.filters,
            port=port,
        )

    # -- codes

    def _coded(
        self, port: int, keys: Sequence[str], told_apart: Sequence[str]
    ) -> list[exp.Expression]:
        made = [alias(self._key_code(keys), KEY_CODE)]
        if self.retracts[port]:
            made.append(alias(_hash(told_apart), ROW_CODE))
        return made

    def _key_code(self, keys: Sequence[str]) -> exp.Expression:
        if not self.equalities:
            return exp.cast(exp.Literal.number(0), "BIGINT")
        code = exp.cast(column(keys[0]), "BIGINT") if self.exact else _hash(keys)
        pairs = zip(keys, self.equalities, strict=True)
        strict = [column(key).is_(exp.null()) for key, e in pairs if not e.null_safe]
        if self.exact or not strict:
            return code
        return exp.case().when(exp.or_(*strict), exp.null()).else_(code)

    def _codes(
        self, port: int, columns: Sequence[str], keys: Sequence[str], told_apart: Sequence[str]
    ) -> str:
        rows = exp.Select(expressions=[column(name) for name in columns])
        rows = rows.from_(relation(f"{self.name}_{port}_rows"))
        return text(over(rows, self._coded(port, keys, told_apart)))

    # -- changes

    def _changes(self, port: int, columns: Sequence[str], told_apart: Sequence[str]) -> str:
        """Each row once with the sum of its weights, in the order of arrival; none of sum 0."""
        if not self.retracts[port]:
            return ""
        group = [column(name) for name in told_apart]
        others = [name for name in (*columns, KEY_CODE, ROW_CODE) if name not in told_apart]
        firsts = [alias(fn("ARG_MIN_NULL", column(n), column(SEQUENCE)), n) for n in others]
        total = exp.cast(exp.Sum(this=column(WEIGHT)), "BIGINT")
        query = exp.Select(
            expressions=[*group, *firsts, alias(total, WEIGHT)],
        ).from_(relation(f"{self.name}_{port}_batch"))
        if told_apart:
            query = query.group_by(*[column(name) for name in told_apart])
        query = query.having(exp.NEQ(this=total.copy(), expression=exp.Literal.number(0)))
        query = query.order_by(exp.Min(this=column(SEQUENCE)))
        outputs = [column(name) for name in (*columns, KEY_CODE, ROW_CODE, WEIGHT)]
        return text(over(query, outputs))

    def _equal(self, port: int, told_apart: Sequence[str]) -> str:
        if not self.retracts[port]:
            return ""
        same = [
            exp.NullSafeEQ(this=column(f"a{name}"), expression=column(f"b{name}"))
            for name in told_apart
        ]
        query = exp.Select(expressions=[column(ROW)])
        query = query.from_(relation(f"{self.name}_{port}_equal"))
        return text(query.where(exp.and_(*same)) if same else query)

    # -- pairs

    def compared(self, port: int) -> tuple[tuple[str, str], ...]:
        """Which of a side's columns the condition reads, and their names in it."""
        letter, side = ("ab"[port], self.sides[port])
        keys = () if self.exact else [(key, f"{letter}{i}") for i, key in enumerate(side.keys)]
        read = frozenset() if self.rest is None else input_indexes(self.rest)
        first = self.width if port else 0
        inside = sorted(i - first for i in read if (i >= self.width) == bool(port))
        return (*keys, *((f"c{i}", f"{'lr'[port]}{i}") for i in inside))

    def condition(self) -> str:
        """Which of the relation `<id>_pairs` are pairs; empty where all are."""
        tests: list[exp.Expression] = []
        if not self.exact:
            for i, e in enumerate(self.equalities):
                kind = exp.NullSafeEQ if e.null_safe else exp.EQ
                tests.append(kind(this=column(f"a{i}"), expression=column(f"b{i}")))
        if self.rest is not None:
            columns = [f"l{i}" for i in range(self.width)]
            columns += [f"r{i}" for i in range(len(self.fields[1]))]
            tests.append(lower(self.rest, columns, self.zone))
        if not tests:
            return ""
        query = exp.Select(expressions=[column(ROW)]).from_(relation(f"{self.name}_pairs"))
        return text(query.where(exp.and_(*tests)))


def split_condition(node: Join) -> tuple[list[Equality], Expression | None]:
    """The equalities between both sides, and what else the condition says."""
    return split_parts(node, node.condition)


def split_parts(
    node: Join, condition: Expression | None
) -> tuple[list[Equality], Expression | None]:
    """The same for a part of the condition."""
    width = len(node.left.fields)
    equalities: list[Equality] = []
    rest: list[Expression] = []
    for part in conjuncts(condition):
        found = equality(part, width)
        if found is None:
            rest.append(part)
        else:
            equalities.append(found)
    return equalities, conjunction(rest)


def _copies(expressions: Sequence[exp.Expression]) -> list[exp.Expression]:
    return [expression.copy() for expression in expressions]


def _told_apart(fields: Fields, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns by which a withdrawn row is known: its processing time is another one."""
    return tuple(
        name
        for name in columns
        if not name.startswith("c")
        or fields[int(name[1:])].time_attribute is not TimeAttribute.PROCTIME
    )


def _hash(columns: Sequence[str]) -> exp.Expression:
    """A hash of columns as an int64; DuckDB's is a UBIGINT."""
    if not columns:
        return exp.cast(exp.Literal.number(0), "BIGINT")
    hashed = fn("HASH", *(column(name) for name in columns))
    half = exp.BitwiseRightShift(this=hashed, expression=exp.Literal.number(1))
    return exp.cast(half, "BIGINT")
