"""Runs generated programs in Spark's environment; imports nothing of Tidemill.

    python run.py SPEC.json      runs one program, follows its streams, reports how it ended
    python run.py --serve        runs each program that a line of stdin names, in one session

Where a program fails, the report says with which exception, and nothing is printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyspark.java_gateway
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def main() -> int:
    """Run; returns the exit code."""
    _start_java()
    if sys.argv[1] == "--serve":
        return serve()
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    report = Path(spec["report"])
    _stop_on_signals()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    progress = Progress(Path(spec["progress"]))
    threading.Thread(target=progress.watch, daemon=True).start()
    outcome = run_program(spec["program"])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # it ends by itself now
    # Said before anything else is asked of a JVM that may be gone, or in the middle of a call.
    fresh = report.with_suffix(".part")
    fresh.write_text(json.dumps(outcome), encoding="utf-8")
    fresh.replace(report)
    with contextlib.suppress(Exception):
        progress.write()
        session = SparkSession.getActiveSession()
        for query in session.streams.active if session is not None else ():
            query.stop()
    return 1 if "error" in outcome else 0


def _start_java() -> None:
    """Make PySpark start its Java side itself, by `TIDEMILL_SPARK_JAVA`.

    Spark's own script asks for a module of the JDK that not every Java brings and that nothing
    here needs, and it takes another JVM to find out how to start the one that is meant.
    """
    java = json.loads(os.environ.pop("TIDEMILL_SPARK_JAVA"))
    popen = pyspark.java_gateway.Popen

    def start(command: list[str], *arguments: Any, **named: Any) -> Any:
        return popen(
            [*java, "org.apache.spark.deploy.SparkSubmit", *command[1:]], *arguments, **named
        )

    pyspark.java_gateway.Popen = start


def serve() -> int:
    """Run program after program; each line of stdin is a path, each line of stdout an outcome."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what programs and Spark print is no answer
    for line in sys.stdin:
        answers.write(json.dumps(run_program(line.strip())) + "\n")
        answers.flush()
    return 0


def run_program(path: str) -> dict[str, Any]:
    """Run a program as `python PATH` would; returns its error, if any."""
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit:
        return {}
    except KeyboardInterrupt:
        return {"stopped": True}
    except BaseException as error:
        return {"error": _described(error)}
    return {}


def _described(error: BaseException) -> dict[str, Any]:
    """The exception's first line, Spark's name for the condition, and the fragment of SQL."""
    found: dict[str, Any] = {"type": type(error).__name__, "message": _first(str(error))}
    if isinstance(error, PySparkException):
        with contextlib.suppress(Exception):
            found["condition"] = error.getCondition()
        with contextlib.suppress(Exception):
            found["fragment"] = [context.fragment() for context in error.getQueryContext()][:1]
    causes = [line.strip() for line in str(error).splitlines() if "Caused by:" in line]
    cause = getattr(error, "_cause", None) or getattr(error, "cause", None)
    if cause is not None:
        causes.append(_first(str(cause)))
    found["causes"] = causes
    return found


class Progress:
    """Writes now and then what the streams of the session have done, as JSON."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: dict[str, dict[str, Any]] = {}

    def watch(self) -> None:
        """Write every second, until the process ends."""
        while True:
            time.sleep(1.0)
            with contextlib.suppress(Exception):
                self.write()

    def write(self) -> None:
        """Write what is known now."""
        session = SparkSession.getActiveSession() or SparkSession._instantiatedSession
        if session is None:
            return
        for query in session.streams.active:
            known = self._seen.setdefault(str(query.name), {"rows_in": 0, "batch": -1})
            for found in query.recentProgress:
                if found["batchId"] > known["batch"]:
                    known["batch"] = found["batchId"]
                    known["rows_in"] += found["numInputRows"]
                    known["watermark"] = found["eventTime"].get("watermark")
        fresh = self._file.with_suffix(".part")
        fresh.write_text(json.dumps(self._seen), encoding="utf-8")
        fresh.replace(self._file)


def _end_with_parent() -> None:
    """The parent holds the other end of stdin; where it is gone, stop as for a signal."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _first(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _stop_on_signals() -> None:
    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main())
