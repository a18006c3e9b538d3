"""Integers as in Java: overflow wraps around, narrowing keeps the low bits."""

from __future__ import annotations

from sqlglot import exp

from tidemill.model import TypeRoot
from tidemill.plan.lowering.build import cast, has_volatile, template

BITS = {TypeRoot.TINYINT: 8, TypeRoot.SMALLINT: 16, TypeRoot.INTEGER: 32, TypeRoot.BIGINT: 64}
SQL = {
    TypeRoot.TINYINT: "TINYINT",
    TypeRoot.SMALLINT: "SMALLINT",
    TypeRoot.INTEGER: "INTEGER",
    TypeRoot.BIGINT: "BIGINT",
}


def wrap(wide: exp.Expression, root: TypeRoot, carrier: str) -> exp.Expression:
    """The low bits of `wide` (of type `carrier`, wider than the result) as a signed integer."""
    half = 1 << (BITS[root] - 1)
    mask = (1 << BITS[root]) - 1
    low = template(
        "((:wide + :half) & :mask) - :half",
        wide=wide,
        half=cast(exp.Literal.number(str(half)), carrier),
        mask=cast(exp.Literal.number(str(mask)), carrier),
    )
    return cast(low, SQL[root])


def arithmetic(
    operator: str, left: exp.Expression, right: exp.Expression, root: TypeRoot
) -> exp.Expression:
    """`left operator right` (one of + - *) over integers of one type, wrapping around.

    Below BIGINT the sum is formed in BIGINT, which cannot overflow. A BIGINT is computed as it is,
    and only where DuckDB reports an overflow again in HUGEINT.
    """
    source = f":left {operator} :right"
    if root is not TypeRoot.BIGINT:
        wide = template(source, left=cast(left, "BIGINT"), right=cast(right, "BIGINT"))
        return wrap(wide, root, "BIGINT")
    wide = template(source, left=cast(left, "HUGEINT"), right=cast(right, "HUGEINT"))
    slow = wrap(wide, root, "HUGEINT")
    plain = template(source, left=left, right=right)
    if has_volatile(plain):
        return slow
    return template("COALESCE(TRY(:plain), :slow)", plain=plain, slow=slow)
