"""Flink SQL as a sqlglot dialect: how its text falls into tokens.

Flink's lexer is Calcite's with backtick identifiers: names keep their case and are told apart by
it, keywords do not care, comments are `--` and `/* */` (which do not nest), `/*+` opens a hint. No
keyword is known here on purpose: a word is a keyword only where the grammar expects it.
"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.tokenizer_core import TokenType


class Flink(Dialect):
    """The dialect `flink` of sqlglot."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.CASE_SENSITIVE

    class Tokenizer(tokens.Tokenizer):
        """Flink's tokens."""

        IDENTIFIERS: ClassVar = ["`"]
        QUOTES: ClassVar = ["'"]
        STRING_ESCAPES: ClassVar = ["'"]
        HEX_STRINGS: ClassVar = [("x'", "'"), ("X'", "'")]
        COMMENTS: ClassVar = ["--", ("/*", "*/")]
        NESTED_COMMENTS = False
        TOKENS_PRECEDING_HINT: ClassVar = set(TokenType)
        SINGLE_TOKENS: ClassVar = {
            k: v for k, v in tokens.Tokenizer.SINGLE_TOKENS.items() if k not in ('"', "`")
        }
        KEYWORDS: ClassVar = {
            "/*+": TokenType.HINT,
            "<>": TokenType.NEQ,
            "!=": TokenType.NEQ,
            "<=": TokenType.LTE,
            ">=": TokenType.GTE,
            "||": TokenType.DPIPE,
            "=>": TokenType.FARROW,
        }
