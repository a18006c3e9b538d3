"""Flink's lexical rules, on sqlglot's tokenizer: words, literals, comments, hints."""

from tidemill.sql.dialect.tokens import Token, TokenKind, tokenize

__all__ = ["Token", "TokenKind", "tokenize"]
