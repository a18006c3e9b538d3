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

    It is computed as it is, and only where DuckDB reports an overflow again in a wider type.
    """
    source = f":left {operator} :right"
    carrier = "HUGEINT" if root is TypeRoot.BIGINT else "BIGINT"
    wide = template(source, left=cast(left, carrier), right=cast(right, carrier))
    slow = wrap(wide, root, carrier)
    plain = template(source, left=cast(left, SQL[root]), right=cast(right, SQL[root]))
    if has_volatile(plain):  # DuckDB takes none inside TRY
        return slow
    return template("COALESCE(TRY(:plain), :slow)", plain=plain, slow=slow)
