"""How tightly operators bind, loosest first, and what a parser of expressions looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.nodes import Node

OR, AND, NOT, IS, COMPARE, RANGE, ADD, MULTIPLY, UNARY = range(1, 10)


class ExpressionParser(Protocol):
    """Parses one expression whose operators bind at `level` or tighter."""

    def __call__(self, cursor: Cursor, level: int = OR) -> Node:
        """Parse it."""
        ...


Form: TypeAlias = Callable[[Cursor, ExpressionParser], "tuple[Node, ...]"]
"""Parses what stands between the parentheses of one function."""
