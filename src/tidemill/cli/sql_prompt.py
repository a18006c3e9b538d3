"""The interactive SQL shell: prompt, history, completion, and what it says in between."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import completion_is_selected
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer

from tidemill.cli.failures import shown
from tidemill.cli.output import say
from tidemill.cli.sql_runner import run_statement
from tidemill.control.sql_text import first_words, is_complete, split_statements
from tidemill.errors import TidemillError
from tidemill.project import ensure_state_dir

if TYPE_CHECKING:
    from tidemill.control.sql_shell import SqlShell
    from tidemill.project import Project

KEYWORDS = """
    SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT AS AND OR NOT NULL IN BETWEEN LIKE CASE WHEN THEN
    ELSE END CAST DISTINCT UNION ALL INSERT INTO VALUES CREATE TABLE VIEW TEMPORARY WITH PRIMARY KEY
    ENFORCED WATERMARK FOR INTERVAL SECOND MINUTE HOUR DAY TUMBLE HOP DESCRIPTOR TIMESTAMP STRING
    BIGINT INT DOUBLE DECIMAL BOOLEAN DATE METADATA VIRTUAL SET SHOW TABLES DESCRIBE EXPLAIN DROP
    EXECUTE STATEMENT BEGIN HELP QUIT ALTER ADD MODIFY RENAME RESET USE CATALOG DATABASE FUNCTIONS
    VIEWS COLUMNS PARTITION
"""
HELP = """Statements end with a semicolon and may span lines.
  CREATE TABLE, CREATE VIEW, SET, DROP   declare things for this session
  SELECT ...;                            shows rows, and new ones as they come; Ctrl-C stops it
  INSERT INTO ...;                       runs until its sources end or Ctrl-C
  SHOW TABLES; DESCRIBE name;            what was declared; SHOW CREATE TABLE, SHOW FUNCTIONS, ...
  EXPLAIN SELECT ...;                    how it would run
  SOURCE file.sql;                       runs the statements of a file here
  QUIT; or Ctrl-D                        ends the shell
References such as ${server:kafka.bootstrap} work in options as in pipeline files."""


class SqlCompleter(Completer):
    """Completes keywords, functions, declared tables and their columns."""

    def __init__(self, shell: SqlShell) -> None:
        self._shell = shell
        self._functions: tuple[str, ...] = ()

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """The words that go on as what is written before the cursor."""
        found = re.search(r"\w+$", document.text_before_cursor)
        start = found.group() if found else ""
        if not start:
            return
        for kind, names in self._names().items():
            for name in names:
                if name.lower().startswith(start.lower()) and name.lower() != start.lower():
                    shown = name.lower() if kind == "keyword" and start.islower() else name
                    yield Completion(shown, -len(start), display_meta=kind)

    def _names(self) -> dict[str, Iterable[str]]:
        tables = self._shell.tables
        columns = sorted({column for names in tables.values() for column in names})
        if not self._functions:
            from tidemill.sql.functions import AGGREGATES, SCALARS  # noqa: PLC0415 - slow to import

            named = {*SCALARS, *AGGREGATES}
            self._functions = tuple(sorted(n for n in named if n.isidentifier()))
        return {
            "table": sorted(tables),
            "column": columns,
            "keyword": KEYWORDS.split(),
            "function": self._functions,
        }


def interact(shell: SqlShell, project: Project) -> None:
    """Read and run statements until the user leaves."""
    session = _session(shell, ensure_state_dir(project.state_dir) / "sql_history")
    say(f"Tidemill SQL, project {project.name}. HELP; shows what there is, QUIT; ends.")
    while True:
        try:
            text = session.prompt("sql> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        for statement in split_statements(text):
            if first_words(statement, 1) in (("QUIT",), ("EXIT",)):
                return
            _run(shell, statement)


def _run(shell: SqlShell, statement: str) -> None:
    words = first_words(statement, 1)
    try:
        if words == ("HELP",):
            say(HELP)
        elif words == ("SOURCE",):
            from tidemill.control.pipeline import read_sql  # noqa: PLC0415 - loaded when called

            for inner in split_statements(
                read_sql(Path(statement.split(None, 1)[-1].strip("'\"")))
            ):
                run_statement(shell, inner)
        else:
            run_statement(shell, statement)
    except TidemillError as error:
        say(shown(error))
    except KeyboardInterrupt:
        say("Stopped.")


def _session(shell: SqlShell, history: Path) -> PromptSession[str]:
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]  # noqa: PLC0415

    # The history may hold passwords that were typed: nobody else may read it.
    os.close(os.open(history, os.O_CREAT | os.O_WRONLY, 0o600))
    return PromptSession(
        history=FileHistory(str(history)),
        completer=SqlCompleter(shell),
        complete_while_typing=False,
        lexer=PygmentsLexer(type(get_lexer_by_name("sql"))),
        multiline=True,
        key_bindings=_keys(),
        prompt_continuation=lambda width, _line, _wrap: "...> ".rjust(width),
    )


def _keys() -> KeyBindings:
    """Enter runs a finished statement, and begins a new line in an unfinished one."""
    keys = KeyBindings()

    @keys.add("enter", filter=~completion_is_selected)
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        text = buffer.text.strip()
        word = text.rstrip(";").upper()
        at_end = not buffer.document.text_after_cursor.strip()
        if at_end and (not text or is_complete(text) or word in ("QUIT", "EXIT", "HELP")):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys
