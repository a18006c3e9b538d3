"""Which statement it is."""

from __future__ import annotations

from tidemill.sql.dialect.tokens import TokenKind
from tidemill.sql.session import Session
from tidemill.sql.statements.alter import run_alter
from tidemill.sql.statements.catalogs import run_create_catalog, run_use
from tidemill.sql.statements.create_function import run_create_function
from tidemill.sql.statements.create_model import run_create_model
from tidemill.sql.statements.create_table import run_create_table
from tidemill.sql.statements.create_table_as import Replace
from tidemill.sql.statements.create_view import run_create_view
from tidemill.sql.statements.databases import run_create_database
from tidemill.sql.statements.describe import run_describe
from tidemill.sql.statements.drop import run_drop
from tidemill.sql.statements.explain import run_explain
from tidemill.sql.statements.insert import run_insert
from tidemill.sql.statements.select import run_select
from tidemill.sql.statements.set import run_reset, run_set
from tidemill.sql.statements.show import run_show
from tidemill.sql.statements.statement_set import run_begin, run_end
from tidemill.sql.syntax.cursor import Cursor
from tidemill.sql.syntax.queries import QUERY_STARTS

_REFUSED = {
    "ANALYZE": "Leave it out: plans here need no statistics.",
    "UPDATE": "A pipeline inserts; an upsert sink updates by its primary key.",
    "DELETE": "A pipeline inserts; an upsert sink deletes by its primary key.",
    "MERGE": "A pipeline inserts; an upsert sink updates by its primary key.",
    "TRUNCATE": "Empty the table with a client of its server.",
    "CALL": "Procedures belong to catalogs that Tidemill does not have.",
    "LOAD": "All functions of Flink's core module are there already.",
    "UNLOAD": "All functions of Flink's core module are there already.",
    "REMOVE": "A pipeline file loads no code, so there is none to remove.",
    "STOP": "Use `tidemill down` or stop the run.",
    "COMPILE": "Use `tidemill explain` to see the plan.",
}
_CREATE_HINTS = {
    "MATERIALIZED": "Declare a table and INSERT INTO it; the pipeline keeps it fresh.",
    "CONNECTION": "Confluent's cloud has connections; give the options in WITH, secrets by "
    "reference: '${secret:name}'.",
}
_LOADS_CODE = ("ADD",)


def run_statement(session: Session, cursor: Cursor) -> None:
    """Read one statement and do it; SqlError where it is refused."""
    if run_begin(session, cursor) and cursor.token.kind is TokenKind.END:
        return
    if cursor.at("END"):
        run_end(session, cursor)
        return
    if session.statement_set is not None and not cursor.at("INSERT"):
        raise cursor.error(
            "bad-statement-set",
            f"a statement set holds INSERT statements only, found {cursor.token.shown()}",
            hint="Move it before the statement set, or close the set with END;",
        )
    if cursor.at("INSERT"):
        run_insert(session, cursor)
    elif cursor.at("CREATE"):
        _create(session, cursor)
    elif cursor.at("DROP"):
        run_drop(session, cursor)
    elif cursor.at("ALTER"):
        run_alter(session, cursor)
    elif cursor.at("SET"):
        run_set(session, cursor)
    elif cursor.at("RESET"):
        run_reset(session, cursor)
    elif cursor.at("USE"):
        run_use(session, cursor)
    elif cursor.at("SHOW"):
        run_show(session, cursor)
    elif cursor.at_any("DESCRIBE", "DESC"):
        run_describe(session, cursor)
    elif cursor.at("EXPLAIN"):
        run_explain(session, cursor, run_statement)
    elif cursor.at("REPLACE", "TABLE"):
        cursor.take("REPLACE", "TABLE")
        run_create_table(session, cursor, False, Replace.MUST)
    elif cursor.at_any(*QUERY_STARTS):
        run_select(session, cursor)
    else:
        _refuse(cursor)


def _create(session: Session, cursor: Cursor) -> None:
    start = cursor.expect("CREATE").span
    replaces = cursor.take("OR", "REPLACE")
    temporary = cursor.take("TEMPORARY")
    if replaces and cursor.at_any("FUNCTION", "SYSTEM", "MODEL"):
        what = "MODEL" if cursor.at("MODEL") else "FUNCTION"
        raise cursor.unsupported(f"CREATE OR REPLACE {what}", cursor.since(start), "DROP it first.")
    if cursor.take("MODEL"):
        run_create_model(session, cursor)
    elif cursor.at("FUNCTION") or cursor.at("SYSTEM", "FUNCTION"):
        run_create_function(session, cursor, temporary)
    elif cursor.take("TABLE"):
        run_create_table(session, cursor, temporary, Replace.MAY if replaces else Replace.NO)
    elif cursor.take("VIEW"):
        run_create_view(session, cursor, temporary, replaces)
    elif cursor.at_any("DATABASE", "CATALOG") and not temporary and not replaces:
        run = run_create_database if cursor.advance().upper == "DATABASE" else run_create_catalog
        run(session, cursor)
    elif cursor.at_any("MATERIALIZED", "CONNECTION"):
        word = cursor.token.upper
        name = "MATERIALIZED TABLE" if word == "MATERIALIZED" else word
        raise cursor.unsupported(f"CREATE {name}", cursor.since(start), _CREATE_HINTS.get(word))
    else:
        raise cursor.unexpected("TABLE, VIEW, DATABASE or CATALOG")


def _refuse(cursor: Cursor) -> None:
    token = cursor.token
    word = token.upper
    if word in _LOADS_CODE:
        raise cursor.error(
            "not-supported",
            f"{word} {cursor.peek().text.upper()} is refused: a pipeline file loads no code",
            hint="Connectors and formats come with Tidemill.",
        )
    if word == "EXECUTE":
        raise cursor.unsupported(
            "EXECUTE", hint="Write the INSERT alone, or EXECUTE STATEMENT SET BEGIN ... END;"
        )
    if word == "ALTER" and "FUNCTION" in (cursor.peek(i).upper for i in (1, 2, 3)):
        raise cursor.unsupported("ALTER FUNCTION", hint="DROP FUNCTION, then CREATE FUNCTION.")
    if word in _REFUSED:
        raise cursor.unsupported(word, hint=_REFUSED[word])
    raise cursor.unexpected(
        "a statement", hint="Statements: CREATE TABLE, CREATE VIEW, SET, INSERT INTO, SELECT."
    )
