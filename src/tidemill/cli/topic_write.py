"""`tidemill topic write`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from tidemill.cli.output import data_json, say
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UserError, Where


def topic_write(
    topic: str,
    /,
    *,
    file: Annotated[Path | None, Parameter(name=["--file", "-f"])] = None,
    key_separator: str | None = None,
    bootstrap: Bootstrap = None,
    common: Common = COMMON,
) -> None:
    """Write messages to a topic.

    Reads standard input or a file; each line is the value of one message, and empty lines are left
    out. With --json, each line is an object with the keys value (null is a tombstone) and, where
    wanted, key, partition, timestamp_ms and headers. Ends when all messages are acknowledged.

    Args:
        topic: the topic.
        file: read this file instead of standard input.
        key_separator: what stands before this text in a line is the key.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.topics import (  # noqa: PLC0415 - loaded when called
        Cluster,
        json_records,
        text_records,
        write_topic,
    )

    with ExitStack() as stack:
        lines: BinaryIO = sys.stdin.buffer
        shown = "standard input"
        if file is not None:
            lines, shown = stack.enter_context(_open(file)), str(file)
        elif sys.stdin.isatty():
            say("Write one message per line; Ctrl-D ends.")
        if common.json:
            records = json_records(lines, file=shown)
        else:
            records = text_records(lines, file=shown, key_separator=key_separator)
        count = write_topic(Cluster(common.project, bootstrap), topic, records)
    if common.json:
        data_json({"topic": topic, "written": count})
    else:
        say(f"Wrote {count} message{'s' * (count != 1)} to {topic}.")


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise UserError(
            f"{file} cannot be read: {error.strerror}",
            code="cli.unreadable",
            where=Where(file=str(file)),
        ) from None


APP = verb(
    "write",
    topic_write,
    """echo '{"id": 1, "zone": 4}' | tidemill topic write trips
tidemill topic write trips --file data/trips.jsonl""",
)
