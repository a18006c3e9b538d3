"""`tidemill sql`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import say
from tidemill.cli.variables import Variables, parse_variables
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def sql(
    *,
    execute: Annotated[str | None, Parameter(name=["--execute", "-e"])] = None,
    file: Annotated[Path | None, Parameter(name=["--file", "-f"])] = None,
    var: Variables = (),
    common: Common = COMMON,
) -> None:
    """Run SQL, or open an interactive shell.

    Without -e and -f it opens a shell with history and completion (or reads standard input, where
    that is no terminal): statements end with a semicolon, Ctrl-C stops a running query, `HELP;`
    lists what there is.

    A text may declare tables, insert, and end with a SELECT, whose rows are printed; it ends by
    itself when the sources are bounded, and on Ctrl-C, with exit code 0. Each run starts anew; a
    pipeline that goes on where it stopped is run by `tidemill run`.

    With --json, each row is a line {"op": "+I", "row": {COLUMN: VALUE}}: op is +I, -U, +U or -D;
    decimals are texts, and dates and times are texts as Flink writes them. Where the text has
    several SELECTs, which run side by side, `select` is the number of the row's own.

    Args:
        execute: the SQL text to run.
        file: a file with the SQL text to run.
        var: variables.
        common: the options of every verb.
    """
    from tidemill.cli.sql_runner import run_text  # noqa: PLC0415 - loaded when called
    from tidemill.control.pipeline import read_sql, shown_path  # noqa: PLC0415
    from tidemill.control.project_context import open_project  # noqa: PLC0415
    from tidemill.control.sql_shell import SHOWN_FILE, SqlShell  # noqa: PLC0415

    if execute is not None and file is not None:
        raise UsageError("-e and -f exclude each other", code="cli.usage", hint="Give one of them.")
    project = open_project(common.project, needed=False)
    shell = SqlShell(project, parse_variables(var))
    if file is not None:
        run_text(shell, read_sql(file), shown_path(file), as_json=common.json)
    elif execute is not None:
        run_text(shell, execute, SHOWN_FILE, as_json=common.json)
    elif not sys.stdin.isatty():
        run_text(shell, sys.stdin.read(), "standard input", as_json=common.json)
    elif common.json or not sys.stdout.isatty():
        raise UsageError(
            "the interactive shell needs a terminal",
            code="cli.no-terminal",
            hint="Give the text: tidemill sql -e 'SELECT ...', or -f FILE.",
        )
    else:
        from tidemill.cli.sql_prompt import interact  # noqa: PLC0415

        interact(shell, project)
        say("Bye.")


APP = verb(
    "sql",
    sql,
    """tidemill sql
tidemill sql -f sql/look.sql
tidemill sql -e "$(cat tables.sql) SELECT * FROM orders" --json""",
)
