"""Runs a Flink program in PyFlink's environment, with Tidemill's Java side and jars.

    python launch.py SPEC.json

`SPEC.json` is a `LaunchSpec`. The program sees what it would see run by `python PROGRAM`. Where it
ends with an exception, that is written to the report as JSON and nothing is printed.
"""

from __future__ import annotations

import functools
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyflink.java_gateway
from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import (
    StatementSet,
    StreamTableEnvironment,
    Table,
    TableConfig,
    TableEnvironment,
)

_JAR_OPTIONS = ("pipeline.jars", "pipeline.classpaths")
_WRITING = re.compile(
    r"\s*(?:INSERT|EXECUTE|CREATE\s+TABLE\s+\S+\s+.*\bAS\s+SELECT)\b", re.I | re.S
)


def main() -> int:
    """Run the program; returns the exit code."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    program = spec["program"]
    sys.argv = [program, *spec["arguments"]]
    sys.path[0] = str(Path(program).parent)
    started: list[Any] = []
    try:
        _start_java_with(spec["command"], spec["java_log"], shown=spec["wait"])
        _bring_jars(spec["jars"])
        _leave_out_jars(spec["provided"], spec["jars"])
        if spec["wait"]:
            _remember_jobs(started)
        runpy.run_path(program, run_name="__main__")
        for result in started:
            result.wait()
        code = 0
    except SystemExit as end:
        code = _exit_code(end)
    except KeyboardInterrupt:
        code = 130
    except BaseException as error:
        _write_report(spec["report"], error)
        code = 1
    sys.stdout.flush()
    return code


def _start_java_with(command: list[str], log: str, *, shown: bool) -> None:
    """Make PyFlink start its Java side by our command.

    What it says goes to the log; with `shown`, what it prints goes with what the program prints.
    """

    def ignore_interrupts() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def launch(env: dict[str, str], _arguments: list[str]) -> subprocess.Popen[bytes]:
        said = Path(log).open("ab")  # noqa: SIM115 - Java keeps it as long as it lives
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its end ends Java
            stdout=None if shown else said,
            stderr=said,
            env=env,
            preexec_fn=ignore_interrupts,  # noqa: PLW1509 - one plain system call
        )
        # Where Java does not start, PyFlink reads what it said.
        process.stderr = io.BytesIO(f"Look into {log}".encode())
        return process

    pyflink.java_gateway.launch_gateway_server_process = launch


def _bring_jars(jars: list[str]) -> None:
    """Send these jars with every job: the cluster may lack them.

    Flink's client puts its own list over the one of its settings, so they are added here.
    """
    # Its list has Flink's Python side already.
    jars = [jar for jar in jars if not Path(jar).name.startswith("flink-python-")]
    if not jars:
        return
    add_jars, set_option = StreamExecutionEnvironment.add_jars, TableConfig.set

    def of_stream(create: Callable[..., Any]) -> Any:
        @functools.wraps(create)
        def call(*arguments: Any, **named: Any) -> Any:
            made = create(*arguments, **named)
            add_jars(made, *jars)
            return made

        return staticmethod(call)

    def of_tables(create: Callable[..., Any]) -> Any:
        @functools.wraps(create)
        def call(*arguments: Any, **named: Any) -> Any:
            made = create(*arguments, **named)
            there = _listed(made.get_config().get("pipeline.jars", ""))
            set_option(made.get_config(), "pipeline.jars", ";".join(dict.fromkeys(there + jars)))
            return made

        return staticmethod(call)

    _wrap(StreamExecutionEnvironment, "get_execution_environment", of_stream)
    _wrap(TableEnvironment, "create", of_tables)
    _wrap(StreamTableEnvironment, "create", of_tables)


def _leave_out_jars(provided: list[str], ours: list[str]) -> None:
    """Jars that we have are not asked of the program's own folders, where they often are not."""
    names = frozenset(provided)

    def several(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(self: Any, *paths: str) -> Any:
            kept = [path for path in paths if _is_needed(path, names)]
            return function(self, *kept) if kept else None

        return call

    def option(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(self: Any, key: Any, value: Any, *rest: Any) -> Any:
            if key in _JAR_OPTIONS and isinstance(value, str):
                kept = [path for path in _listed(value) if _is_needed(path, names)]
                if not kept:
                    return self
                value = ";".join(kept + ours)
            return function(self, key, value, *rest)

        return call

    for name in ("add_jars", "add_classpaths"):
        _wrap(StreamExecutionEnvironment, name, several)
    _wrap(Configuration, "set_string", option)
    _wrap(TableConfig, "set", option)


def _remember_jobs(started: list[Any]) -> None:
    """Keep the results of what writes into tables, to wait for them."""

    def writing(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(self: Any, *arguments: Any, **named: Any) -> Any:
            result = function(self, *arguments, **named)
            text = arguments[0] if arguments else named.get("stmt")
            if not (isinstance(self, TableEnvironment) and not _WRITING.match(str(text))):
                started.append(result)
            return result

        return call

    for owner, name in (
        (TableEnvironment, "execute_sql"),
        (StatementSet, "execute"),
        (Table, "execute_insert"),
    ):
        _wrap(owner, name, writing)


def _wrap(owner: type, name: str, wrapper: Callable[[Callable[..., Any]], Any]) -> None:
    if hasattr(owner, name):
        setattr(owner, name, wrapper(getattr(owner, name)))


def _listed(value: str) -> list[str]:
    """The parts of an option's list, in any of the ways in which Flink writes it."""
    parts = (part.strip(" '\"") for part in re.split(r"[;,]", value.strip("[]")))
    return [part for part in parts if part]


def _is_needed(path: str, provided: frozenset[str]) -> bool:
    """Whether a jar must be loaded; one that is not there, and not provided, is an error."""
    parts = urlsplit(path)
    file = unquote(parts.path)
    name = Path(file).name
    stem = re.sub(r"[-_.](?:\d|\$\{).*$", "", name.removesuffix(".jar"))
    if stem in provided:
        print(f"note: {name} is left out: this Flink brings its own {stem}", file=sys.stderr)
        return False
    if parts.scheme in ("", "file") and not Path(file).exists():
        raise FileNotFoundError(f"there is no jar {file}, and this Flink brings no {stem}")
    return True


def _exit_code(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def _write_report(path: str, error: BaseException) -> None:
    """The error with its frames, and with the Java trace where it is one of Java's."""
    frames = traceback.extract_tb(error.__traceback__)
    trace = getattr(error, "stack_trace", None)
    if trace is None and type(error).__name__ == "Py4JJavaError":
        trace = str(error)
    report = {
        "type": type(error).__name__,
        "message": "" if trace is not None else str(error),
        "frames": [[frame.filename, frame.lineno, frame.name] for frame in frames],
        "java": trace,
    }
    if isinstance(error, SyntaxError) and error.filename:
        report["message"] = error.msg
        report["frames"] = [[error.filename, error.lineno or 1, "<module>"]]
    Path(path).write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    code = main()
    # Threads of PyFlink would keep the process: everything of the program is over.
    sys.stderr.flush()
    os._exit(code)
