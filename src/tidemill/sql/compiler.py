"""A whole file: split into statements, run one after the other over one session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from tidemill.errors import Span, SqlError
from tidemill.interfaces.connector import Connector
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.python_function import FunctionLoader
from tidemill.sql.binder.match_alike import check_alike
from tidemill.sql.catalog import BrokenNameError
from tidemill.sql.dialect import Token, tokenize
from tidemill.sql.logical import Script
from tidemill.sql.session import Session
from tidemill.sql.statements.catalogs import load_table
from tidemill.sql.statements.dispatch import run_statement
from tidemill.sql.statements.statement_set import check_closed
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.text import SourceText


def compile_script(
    text: str,
    file: str,
    connectors: Mapping[str, Connector],
    formats: Mapping[str, FormatFactory],
    *,
    variables: Mapping[str, str] | None = None,
    may_be_empty: bool = False,
    functions: FunctionLoader | None = None,
    reveal: Callable[[str], str] | None = None,
) -> Script:
    """Bind a whole file; raises SqlError at the first thing that is refused.

    Args:
        text: the file's text.
        file: its name, for errors.
        connectors: the connectors that tables may name.
        formats: the formats that tables may name.
        variables: what `${name}` in an option's value stands for; None leaves them as they are.
        may_be_empty: take a text that only declares things, as a shell does step by step.
        functions: finds Python functions and models; None: there are none.
        reveal: puts secrets into an option that is needed at once, to read a server's catalog.
    """
    session = _session(SourceText(file, text), connectors, formats, variables, reveal)
    session.functions = functions
    for cursor in _statements(session.source):
        _run(session, cursor)
    check_closed(session)
    check_alike(session.inserts, session.selects)
    if not may_be_empty:
        _check_not_empty(session)
    return _script(session)


def check_script(
    text: str,
    file: str,
    connectors: Mapping[str, Connector],
    formats: Mapping[str, FormatFactory],
    *,
    variables: Mapping[str, str] | None = None,
    functions: FunctionLoader | None = None,
    reveal: Callable[[str], str] | None = None,
) -> list[SqlError]:
    """As many errors as can be found: the first of each statement, without those that follow.

    A statement that uses a table whose declaration was refused gives no error of its own.
    """
    session = _session(SourceText(file, text), connectors, formats, variables, reveal)
    session.functions = functions
    errors: list[SqlError] = []
    try:
        for cursor in _statements(session.source):
            try:
                _run(session, cursor)
            except BrokenNameError:
                continue
            except SqlError as error:
                errors.append(error)
                session.errors += 1
        check_closed(session)
        if not errors:
            check_alike(session.inserts, session.selects)
            _check_not_empty(session)
    except SqlError as error:
        errors.append(error)
    return errors


def _session(
    source: SourceText,
    connectors: Mapping[str, Connector],
    formats: Mapping[str, FormatFactory],
    variables: Mapping[str, str] | None,
    reveal: Callable[[str], str] | None,
) -> Session:
    session = Session(source, connectors, formats, variables)
    if reveal is not None:
        session.reveal = reveal
    session.catalog.load = partial(load_table, session)
    return session


def _statements(source: SourceText) -> Iterator[Cursor]:
    """A cursor for each statement that is not empty, in order."""
    statement: list[Token] = []
    for token in tokenize(source):
        if token.upper != ";":
            statement.append(token)
            continue
        if statement:
            yield Cursor(source, statement, token.span.start)
        statement = []
    if statement:
        yield Cursor(source, statement, statement[-1].span.end)


def _run(session: Session, cursor: Cursor) -> None:
    """One statement; one that nests so deeply that Python gives up is refused as such."""
    start = cursor.token.span
    try:
        run_statement(session, cursor)
    except RecursionError:
        raise session.source.error(
            "too-deep", "the statement nests too deeply", start, hint="Split it into views."
        ) from None


def _check_not_empty(session: Session) -> None:
    if session.inserts or session.selects or session.listings:
        return
    raise session.source.error(
        "empty-script",
        "the file has no INSERT INTO and no SELECT, so there is nothing to run",
        Span(0, 0),
        hint="Add INSERT INTO sink SELECT ... FROM source;",
    )


def _script(session: Session) -> Script:
    return Script(
        session.source.file,
        session.source.text,
        tuple(session.inserts),
        tuple(session.selects),
        MappingProxyType(dict(session.settings)),
        MappingProxyType(dict(session.catalog.descriptors())),
        tuple(session.notes),
        session.catalog.functions.all(),
        tuple(session.listings),
        tuple(session.created),
        {name: catalog.options for name, catalog in session.catalog.catalogs.items()},
    )
