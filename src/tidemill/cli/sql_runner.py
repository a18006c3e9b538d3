"""Runs SQL for the `sql` verb and shows what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.cli.output import data, data_json_line, say, table
from tidemill.cli.result_view import ResultView

if TYPE_CHECKING:
    from tidemill.control.sql_shell import Outcome, SqlShell, Watcher
    from tidemill.sql.listing import Listing


def run_text(shell: SqlShell, text: str, file: str, *, as_json: bool) -> None:
    """Run a whole text as one job; a text of one SHOW, DESCRIBE or EXPLAIN as that statement."""
    from tidemill.control.sql_text import first_words, split_statements  # noqa: PLC0415

    statements = split_statements(text)
    if statements and first_words(statements[-1], 1)[0] in ("SHOW", "DESCRIBE", "DESC", "EXPLAIN"):
        for statement in statements:
            run_statement(shell, statement, as_json=as_json)
        return
    view = ResultView(as_json=as_json)
    show(shell.execute_script(text, file, _watcher(view, as_json=as_json)), view, as_json=as_json)


def run_statement(shell: SqlShell, statement: str, *, as_json: bool = False) -> None:
    """Run one statement of a session."""
    view = ResultView(as_json=as_json)
    show(shell.execute(statement, _watcher(view, as_json=as_json)), view, as_json=as_json)


def show(outcome: Outcome, view: ResultView, *, as_json: bool) -> None:
    """Show what a statement did."""
    view.end()
    for note in outcome.notes:
        say(f"note: {note}")
    if outcome.text is not None:
        data(outcome.text)
    progress = outcome.progress
    if progress is not None:
        count = view.rows if outcome.kind == "selected" else progress.rows_out
        if not as_json and not view.counted:
            say(f"{_rows(count)}{'' if outcome.kind == 'selected' else ' written'}.")
        if progress.dead_letters:
            say(f"{_rows(progress.dead_letters)} could not be processed and left out.")
            if progress.last_rejected:
                say(f"the last one: {progress.last_rejected}")
        if progress.late:
            say(f"{_rows(progress.late)} came too late for their windows.")
    elif outcome.kind == "declared" and not as_json:
        say("OK.")


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


def _watcher(view: ResultView, *, as_json: bool) -> Watcher:
    from tidemill.control.sql_shell import Watcher  # noqa: PLC0415 - loaded when called

    return Watcher(view.head, view.batch, answer=lambda listing: _answer(listing, as_json=as_json))


def _answer(listing: Listing, *, as_json: bool) -> None:
    """Print what SHOW or DESCRIBE says: a JSON line for each row, or a table, or its text."""
    names = [name for name, _ in listing.columns]
    if as_json:
        for row in listing.rows:
            data_json_line(dict(zip(names, row, strict=True)))
    elif listing.text is not None:
        data(listing.text.rstrip())
    else:
        table(names, listing.rows)
