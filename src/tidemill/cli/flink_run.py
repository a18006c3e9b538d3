"""`tidemill flink run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.flink_view import JobTalk
from tidemill.cli.output import data_json_line, say
from tidemill.cli.servers_view import StackTalk
from tidemill.cli.verb import COMMON, Common, verb


def flink_run(
    program: Path,
    /,
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True)],
    local: Annotated[bool, Parameter(show_default=False)] = False,
    detach: Annotated[bool, Parameter(show_default=False)] = False,
    from_savepoint: str | None = None,
    python: Path | None = None,
    every_s: float = 5.0,
    common: Common = COMMON,
) -> int:
    """Run a PyFlink program.

    Runs a Python file that uses PyFlink's DataStream or Table API on the project's Flink (tidemill
    up flink, or the connection flink of tidemill.yaml), and follows its jobs until they end.
    PyFlink comes in a Python environment made on demand; the jars of the connectors kafka and jdbc
    are there, so those that the program names are left out. KAFKA_BOOTSTRAP_SERVERS is set to the
    project's Kafka. Ctrl-C cancels the jobs.

    The exit code is the program's own where it gives one; 1 where it, or a function of it on the
    cluster, raises an exception; 3 where Flink fails.

    Args:
        program: the Python file.
        arguments: the program's own arguments; ${server:kafka.bootstrap} and the like are resolved.
            Those that have the name of an option here go behind `--`.
        local: run in a small cluster of its own, which ends with the program.
        detach: end with the program and leave its jobs running.
        from_savepoint: start the job from this savepoint.
        python: an interpreter of yours that has apache-flink 2.3 installed.
        every_s: how often to print the progress, in seconds.
        common: the options of every verb.
    """
    from tidemill.control.flink_program import (  # noqa: PLC0415 - loaded when called
        ProgramRequest,
        run_program,
    )

    request = ProgramRequest(
        program,
        arguments,
        local=local,
        detach=detach,
        restore_from=from_savepoint,
        python=python,
        output=sys.stderr.fileno() if common.json else None,
    )
    talk = JobTalk(every_s, as_json=common.json)
    with StackTalk() as stack:
        result = run_program(request, common.project, progress=stack.tell, watch=talk.watch)
    if common.json:
        data_json_line({"type": "result", **result.as_dict()})
    for note in result.notes:
        say(f"note: {note}")
    return result.exit_code


APP = verb(
    "run",
    flink_run,
    "tidemill flink run jobs/clean.py\n"
    "tidemill flink run jobs/clean.py --topic trips\n"
    "tidemill flink run --local jobs/word_count.py",
)
