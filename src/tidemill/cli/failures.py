"""The one place where errors become text and exit codes.

0 done, 1 the input is wrong, 2 the command line is wrong, 3 a server, a connector or Tidemill
itself failed, 130 interrupted (docs/reference/exit-codes.md).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tidemill.cli.output import colour, say, styled
from tidemill.cli.verbs import VERBS
from tidemill.errors import ComponentError, TidemillError, UsageError, did_you_mean

INTERRUPTED = 130


def usage_error(message: str, command: str) -> UsageError:
    """A mistake on the command line, as the parser words it."""
    text = message.strip().split("\n", 1)[0]
    sentence, _, guess = text.partition(" Did you mean ")
    clause = sentence.rstrip(". ")
    hint = f"See: {command} --help"
    if guess:
        name = guess.split('"')[1] if '"' in guess else guess.split("?")[0]
        hint = f"Did you mean `{name}`? {hint}"
    return UsageError(clause[:1].lower() + clause[1:], code="cli.usage", hint=hint)


def unknown_command(wrong: str, argv: Sequence[str]) -> UsageError:
    """A verb that does not exist, with the nearest one that does."""
    noun = next((e for e in VERBS if e.verbs and argv[0] == e.name and wrong != e.name), None)
    known = [entry.name for entry in (noun.verbs if noun else VERBS)]
    command = f"tidemill {noun.name}" if noun else "tidemill"
    return UsageError(
        f"there is no command `{command} {wrong}`",
        code="cli.usage",
        hint=did_you_mean(wrong, known) or f"Commands: {', '.join(known)}.",
    )


def report(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Show an error on stderr; returns the exit code."""
    if isinstance(error, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    if not isinstance(error, TidemillError):
        if debug:
            traceback.print_exception(error)
        error = _internal(error)
    elif debug:
        traceback.print_exception(error)
    if as_json:
        say(json.dumps({"error": error.as_dict()}, ensure_ascii=False))
    else:
        say(shown(error))
    return error.exit_code


def shown(error: TidemillError) -> str:
    """An error for this terminal: in its width, and in colour where stderr takes it."""
    columns = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
    return _coloured(error.render(columns))


def _coloured(text: str) -> str:
    """A rendered error in colour, where stderr takes it."""
    if not colour(sys.stderr):
        return text
    lines = []
    for line in text.split("\n"):
        label, colon, rest = line.partition(": ")
        if colon and label.startswith("error["):
            lines.append(styled(label, "red", sys.stderr) + ": " + styled(rest, "bold", sys.stderr))
        elif colon and label in ("detail", "hint"):
            lines.append(styled(label, "cyan", sys.stderr) + ": " + rest)
        elif line.lstrip(" 0123456789").startswith("| ") and set(line.strip(" |\t")) == {"^"}:
            lines.append(styled(line, "red", sys.stderr))
        else:
            lines.append(line)
    return "\n".join(lines)


def _internal(error: BaseException) -> TidemillError:
    saved = _save_traceback(error)
    kept = f" The traceback is in {saved}." if saved else ""
    first = str(error).strip().split("\n", 1)[0][:200]
    return ComponentError(
        f"internal error: {type(error).__name__}" + (f": {first}" if first else ""),
        code="cli.internal",
        detail=f"This is a fault of Tidemill, not of your input.{kept}",
        hint="Please report it with that file; `--debug` shows the traceback here.",
    )


def _save_traceback(error: BaseException) -> Path | None:
    text = "".join(traceback.format_exception(error))
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in _crash_folders():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / name
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            continue
        return path
    return None


def _crash_folders() -> list[Path]:
    """Where tracebacks go: the project's log folder, else a temporary folder of the user's own."""
    folders = [
        candidate / ".tidemill" / "logs"
        for candidate in (Path.cwd(), *Path.cwd().parents)
        if (candidate / ".tidemill").is_dir()
    ]
    return [*folders[:1], Path(tempfile.gettempdir()) / f"tidemill-{os.getuid()}"]
