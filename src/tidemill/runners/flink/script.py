"""A pipeline's text as Flink's gateway takes it: one statement at a time, table options adapted.

The text is cut on the tokens of Tidemill's own SQL room. Only the WITH clause of CREATE TABLE is
ever rewritten; everything else goes to Flink as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlglot import exp

from tidemill.errors import Span, TextWhere, UserError
from tidemill.interfaces.history import HISTORY_TABLE
from tidemill.records import dataclass
from tidemill.sql.dialect import Token, TokenKind, tokenize
from tidemill.sql.text import SourceText

CONNECTORS = ("kafka", "upsert-kafka", "jdbc", "filesystem", "datagen", "print", "blackhole")
"""The connectors that our Flink has, by `servers.lock`."""

ONLY_OURS = frozenset(
    (
        *(
            "late-handling.mode",
            "error-handling.mode",
            "sink.epoch-header",
            "sink.create-table",
            "scan.topic-recreated",
        ),
        *("s3.endpoint", "s3.region", "s3.path-style-access"),
        *("debezium-json.deduplicate", "value.debezium-json.deduplicate"),
        *("debezium-avro-confluent.deduplicate", "value.debezium-avro-confluent.deduplicate"),
        *("avro-confluent.schema.change.behavior", "value.avro-confluent.schema.change.behavior"),
        "key.avro-confluent.schema.change.behavior",
        "debezium-avro-confluent.schema.change.behavior",
        "value.debezium-avro-confluent.schema.change.behavior",
        *("s3.access-key", "s3.secret-key", "s3.session-token"),
    )
)
"""Options that Flink does not know; without them it does what it always does."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its text for Flink, and its place in the file.

    `kind` is its first word (EXECUTE for a statement set); `edited_at` is the offset in `text` from
    which on it differs from what was written; `inserts` are the INSERTs that it is or holds.
    """

    text: str
    kind: str
    where: TextWhere
    edited_at: int | None = None
    inserts: tuple[str, ...] = ()
    declares_python: bool = False

    def place(self, inside: tuple[int, int, int, int] | None) -> TextWhere:
        """The place of (line, column, last line, last column) of `text`, in the file."""
        if inside is None:
            return self.where
        start, end = self._offset(inside[0], inside[1]), self._offset(inside[2], inside[3]) + 1
        beyond = self.edited_at is not None and end > self.edited_at
        if beyond or not 0 <= start < end <= len(self.text):
            return self.where
        base = self.where.span.start
        return TextWhere(self.where.file, self.where.text, Span(base + start, base + end))

    def _offset(self, line: int, column: int) -> int:
        lines = self.text.split("\n")
        return sum(len(text) + 1 for text in lines[: line - 1]) + column - 1


@dataclass(frozen=True, slots=True)
class TableOptions:
    """The WITH clause of a CREATE TABLE or CREATE CATALOG."""

    table: str
    options: Mapping[str, str]
    where: TextWhere


@dataclass(frozen=True, slots=True)
class FlinkScript:
    """All statements of a file, and what was left out of them, in sentences."""

    statements: tuple[Statement, ...]
    notes: tuple[str, ...]

    @property
    def uses_python(self) -> bool:
        """Whether it declares a function in Python."""
        return any(statement.declares_python for statement in self.statements)


Rewrite = Callable[[TableOptions], Mapping[str, str]]


def cut(text: str, file: str, rewrite: Rewrite | None = None) -> FlinkScript:
    """Cut a text into statements for Flink; raises SqlError, and UserError for a connector.

    Args:
        text: the file's text, references resolved.
        file: its name, for errors.
        rewrite: gives the options that a table shall have on Flink.
    """
    source = SourceText(file, text)
    notes: list[str] = []
    statements = tuple(_statement(source, tokens, rewrite, notes) for tokens in _split(source))
    return FlinkScript(statements, tuple(dict.fromkeys(notes)))


def declared_tables(text: str, file: str) -> tuple[TableOptions, ...]:
    """The WITH clauses of a text, as they are written; raises SqlError."""
    source = SourceText(file, text)
    found = []
    for tokens in _split(source):
        clause = _with_clause(tokens) if tokens[0].upper == "CREATE" else None
        if clause is not None:
            found.append(_options(source, tokens, clause))
    return tuple(found)


def _split(source: SourceText) -> Iterator[list[Token]]:
    """The tokens of each statement; a statement set is one."""
    tokens: list[Token] = []
    for token in tokenize(source):
        if token.upper != ";" or (tokens and _in_set(tokens)):
            tokens.append(token)
        else:
            if tokens:
                yield tokens
            tokens = []
    if tokens:
        yield tokens


def _in_set(tokens: Sequence[Token]) -> bool:
    words = [token.upper for token in tokens[:4]]
    opened = words == ["EXECUTE", "STATEMENT", "SET", "BEGIN"]
    return (opened or words[:3] == ["BEGIN", "STATEMENT", "SET"]) and tokens[-1].upper != "END"


def _statement(
    source: SourceText, tokens: list[Token], rewrite: Rewrite | None, notes: list[str]
) -> Statement:
    span = Span(tokens[0].span.start, tokens[-1].span.end)
    if tokens[0].upper == "CREATE" and "MODEL" in [token.upper for token in tokens[1:3]]:
        raise UserError(
            "flink has no provider for models here",
            code="runner.no-model",
            where=source.where(span),
            hint="Call the model through a Python function, which runs on both engines, or run "
            "the pipeline on the embedded engine.",
        )
    text, edited_at = source.slice(span), None
    clause = _with_clause(tokens) if tokens[0].upper in ("CREATE", "REPLACE") else None
    if clause is not None:
        given = _options(source, tokens, clause)
        wanted = _for_flink(given, rewrite, notes)
        if dict(given.options) != dict(wanted):
            start = tokens[clause[0]].span.start - span.start
            end = tokens[clause[1]].span.end - span.start
            text, edited_at = text[:start] + _written(wanted) + text[end:], start
    return Statement(
        text, tokens[0].upper, source.where(span), edited_at, tuple(_inserts(source, tokens)),
        _declares_python([token.upper for token in tokens]),
    )  # fmt: skip


def _declares_python(words: Sequence[str]) -> bool:
    head = words[:4]
    return head[:1] == ["CREATE"] and "FUNCTION" in head and words[-2:] == ["LANGUAGE", "PYTHON"]


def as_one_job(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """All INSERTs as one statement set at the place of the last, as a pipeline is one job."""
    writing = [statement for statement in statements if statement.inserts]
    if len(writing) < 2:
        return tuple(statements)
    inserts = [insert for statement in writing for insert in statement.inserts]
    lines = ["EXECUTE STATEMENT SET BEGIN", *(f"{insert};" for insert in inserts), "END"]
    last = writing[-1]
    # Nothing of the text stands where it stood, so errors point to the last statement.
    one = Statement("\n".join(lines), "EXECUTE", last.where, 0, tuple(inserts))
    rest = [one if statement is last else statement for statement in statements]
    return tuple(s for s in rest if s is one or not s.inserts)


def _inserts(source: SourceText, tokens: Sequence[Token]) -> Iterator[str]:
    """The texts of the INSERTs in a statement."""
    start = 0
    for index, token in enumerate(tokens):
        if token.upper == "INSERT" and tokens[index + 1 : index + 2]:
            start = index
        ended = index + 1 == len(tokens) or tokens[index + 1].upper == ";"
        if ended and tokens[start].upper == "INSERT" and token.upper not in ("END", ";"):
            yield source.slice(Span(tokens[start].span.start, token.span.end))


def _with_clause(tokens: Sequence[Token]) -> tuple[int, int] | None:
    """The indexes of the parentheses behind WITH, in a CREATE TABLE or CREATE CATALOG."""
    if not {"TABLE", "CATALOG"} & {token.upper for token in tokens[:5]}:
        return None
    depth = 0
    opened = None
    for index, token in enumerate(tokens):
        if token.upper == "(":
            if depth == 0 and tokens[index - 1].upper == "WITH":
                opened = index
            depth += 1
        elif token.upper == ")":
            depth -= 1
            if depth == 0 and opened is not None:
                return opened, index
    return None


def _options(source: SourceText, tokens: Sequence[Token], clause: tuple[int, int]) -> TableOptions:
    inside = tokens[clause[0] + 1 : clause[1]]
    strings = [token.text for token in inside if token.kind is TokenKind.STRING]
    options = dict(zip(strings[::2], strings[1::2], strict=False))
    return TableOptions(_table_name(tokens), options, source.where(tokens[0].span))


def _table_name(tokens: Sequence[Token]) -> str:
    index = next(i for i, token in enumerate(tokens) if token.upper in ("TABLE", "CATALOG")) + 1
    if tokens[index].upper == "IF":
        index += 3
    while index + 2 < len(tokens) and tokens[index + 1].upper == ".":
        index += 2
    return tokens[index].text


def _for_flink(given: TableOptions, rewrite: Rewrite | None, notes: list[str]) -> Mapping[str, str]:
    wanted = rewrite(given) if rewrite is not None else given.options
    connector = wanted.get("connector")
    if connector is not None and connector not in CONNECTORS:
        raise UserError(
            f"flink has no connector `{connector}` here",
            code="runner.no-connector",
            where=given.where,
            hint=f"It has: {', '.join(CONNECTORS)}. Run the pipeline on the embedded engine.",
        )
    if HISTORY_TABLE in wanted:
        raise UserError(
            f"flink reads no history before a topic: `{HISTORY_TABLE}` of the table {given.table}",
            code="runner.no-history",
            where=given.where,
            hint="Flink's SQL has no hybrid source: run the pipeline on the embedded engine; or "
            "without the options `scan.history.*` from where the topic begins, on both.",
        )
    for key in sorted(ONLY_OURS & wanted.keys()):
        notes.append(f"`{key}` of the table {given.table} is left out: Flink does not know it")
    return {key: value for key, value in wanted.items() if key not in ONLY_OURS}


def _written(options: Mapping[str, str]) -> str:
    pairs = (
        f"{exp.Literal.string(key).sql()} = {exp.Literal.string(value).sql()}"
        for key, value in options.items()
    )
    return "(" + ", ".join(pairs) + ")"
