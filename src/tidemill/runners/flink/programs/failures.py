"""Why a Flink program failed: the line of the user's own file, whichever process it failed in.

A function of the program runs in a worker of Flink. Its exception comes back as text inside a Java
trace, with the frames of Beam and PyFlink around the user's; a Java error comes with its own trace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tidemill.errors import ComponentError, Span, TextWhere, TidemillError, UserError, Where
from tidemill.records import dataclass
from tidemill.runners.flink.causes import root_cause

Frame = tuple[str, int, str]
"""File, line from 1, function."""

_BEGIN = "Traceback (most recent call last):"
_FRAME = re.compile(r'^  File "(?P<file>.+?)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_JAVA_LINE = re.compile(r"^(?:\s*at [\w.$/]+\(|Caused by: |\s*\.\.\. \d+ more)")
_NOT_THE_USERS = ("/site-packages/", "/dist-packages/", "<frozen ")
_STDLIB = re.compile(r"/lib(?:64)?/python3\.\d+/(?!site-packages)")
_JOB_FAILED = ("JobExecutionException", "Job execution failed", "Job failed (JobID")


@dataclass(frozen=True, slots=True)
class ProgramReport:
    """How a program ended with an exception; `java` is a Java trace."""

    type: str
    message: str
    frames: tuple[Frame, ...]
    java: str | None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ProgramReport:
        """From the launcher's JSON."""
        frames = tuple((str(f), int(line), str(name)) for f, line, name in data["frames"])
        return cls(str(data["type"]), str(data["message"]), frames, data["java"])


def program_error(report: ProgramReport, program: Path, shown: str) -> TidemillError:
    """The error for a program that ended with an exception.

    Args:
        report: what the launcher wrote.
        program: the program's file.
        shown: its name for people.
    """
    if report.java is not None:
        inside = python_failure(report.java)
        if inside is not None:
            return _python_error(inside, program, shown)
        cause = root_cause(report.java)
        where = _place(report.frames, program, shown)
        if any(sign in report.java for sign in _JOB_FAILED):
            return ComponentError(
                f"flink's job failed: {cause.message}",
                code="runner.job-failed",
                where=where,
                detail=cause.more,
            )
        return UserError(
            f"flink refuses this: {cause.message}",
            code="runner.refused",
            where=where,
            detail=cause.more,
        )
    return _python_error(report, program, shown)


def job_error(trace: str, program: Path, shown: str) -> TidemillError:
    """The error for a job of a program, from the trace that Flink keeps of it."""
    inside = python_failure(trace)
    if inside is not None:
        return _python_error(inside, program, shown)
    cause = root_cause(trace)
    return ComponentError(
        f"flink's job failed: {cause.message}",
        code="runner.job-failed",
        where=Where(server="flink", file=shown),
        detail=cause.more,
    )


def python_failure(text: str) -> ProgramReport | None:
    """The last Python traceback in a text; None where there is none."""
    begin = text.rfind(_BEGIN)
    if begin < 0:
        return None
    frames: list[Frame] = []
    lines = text[begin + len(_BEGIN) :].lstrip("\n").split("\n")
    for index, line in enumerate(lines):
        if found := _FRAME.match(line):
            frames.append((found["file"], int(found["line"]), found["function"] or ""))
        elif line and not line.startswith(" "):
            said = _said(lines[index:])
            kind, _, message = said.partition(": ")
            return ProgramReport(kind.strip(), message.strip(), tuple(frames), None)
    return None


def _said(lines: Sequence[str]) -> str:
    """The exception's own lines, to where Java goes on."""
    kept: list[str] = []
    for line in lines:
        if not line.strip() or _JAVA_LINE.match(line):
            break
        kept.append(line)
    return "\n".join(kept)


def _python_error(report: ProgramReport, program: Path, shown: str) -> UserError:
    kind = report.type.rpartition(".")[2]
    first, _, more = report.message.partition("\n")
    text = f"{kind}: {first}" if first else kind
    users = [frame for frame in report.frames if _is_users(frame, program)]
    chain = [f"{name} ({_found(file, program).name}:{line})" for file, line, name in users]
    detail = more.strip() or None
    if len(chain) > 1:
        detail = "\n".join(
            [*([detail] if detail else []), "Called by " + ", ".join(reversed(chain[:-1]))]
        )
    return UserError(
        f"the program failed: {text}",
        code="runner.program-failed",
        where=_place(report.frames, program, shown),
        detail=detail,
    )


def _place(frames: Sequence[Frame], program: Path, shown: str) -> TextWhere | Where:
    """The innermost frame of the user's, with its line."""
    for file, line, _name in reversed([frame for frame in frames if _is_users(frame, program)]):
        path = _found(file, program)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        lines = text.split("\n")
        if not 0 < line <= len(lines):
            continue
        source = lines[line - 1]
        start = sum(len(before) + 1 for before in lines[: line - 1])
        start += len(source) - len(source.lstrip())
        end = start + max(1, len(source.strip()))
        name = shown if path == program else str(Path(shown).with_name(path.name))
        return TextWhere(name, text, Span(start, end))
    return Where(file=shown)


def _is_users(frame: Frame, program: Path) -> bool:
    file = frame[0]
    if any(part in file for part in _NOT_THE_USERS) or _STDLIB.search(file):
        return False
    if file.endswith("programs/launch.py"):
        return False
    # Compiled parts of Beam and PyFlink have paths relative to their own sources.
    return Path(file).is_absolute() or _found(file, program).parent == program.parent


def _found(file: str, program: Path) -> Path:
    """The file on this machine: workers see copies of the program's neighbours."""
    path = Path(file)
    beside = program.parent / path.name
    if path.name == program.name:
        return program
    return beside if beside.is_file() else path
