"""`tidemill topic read`."""

from __future__ import annotations

import itertools
import sys
from typing import Annotated

from cyclopts import Parameter

from tidemill.cli.output import data_json_line
from tidemill.cli.topic_options import Bootstrap
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError


def topic_read(
    topic: str,
    /,
    *,
    limit: Annotated[int | None, Parameter(name=["--limit", "-n"])] = None,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], show_default=False)] = False,
    offset: int | None = None,
    since_ms: int | None = None,
    partition: tuple[int, ...] = (),
    key_separator: str | None = None,
    uncommitted: Annotated[bool, Parameter(show_default=False)] = False,
    bootstrap: Bootstrap = None,
    common: Common = COMMON,
) -> None:
    """Print the messages of a topic.

    Prints the values, one per line, from the begin to what is the end now; messages of open or
    aborted transactions are left out. With --json, a line holds topic, partition, offset,
    timestamp_ms, key, value and headers, and `topic write --json` takes such lines.

    Args:
        topic: the topic.
        limit: stop after so many messages.
        follow: go on with messages that arrive later, until Ctrl-C.
        offset: start at this offset; a negative one counts from the end of each partition.
        since_ms: start at this time, in milliseconds since 1970.
        partition: read this partition only; can be given several times.
        key_separator: print the key and this text before each value.
        uncommitted: show messages of open and aborted transactions too.
        bootstrap: another cluster.
        common: the options of every verb.
    """
    from tidemill.control.topics import (  # noqa: PLC0415 - loaded when called
        Cluster,
        read_topic,
        record_as_dict,
    )

    if offset is not None and since_ms is not None:
        raise UsageError(
            "--offset and --since-ms exclude each other", code="cli.usage", hint="Give one."
        )
    records = read_topic(
        Cluster(common.project, bootstrap),
        topic,
        partitions=partition,
        offset=offset,
        since_ms=since_ms,
        follow=follow,
        read_committed=not uncommitted,
    )
    try:
        for record in itertools.islice(records, limit):
            if common.json:
                data_json_line(record_as_dict(record))
                continue
            prefix = b"" if key_separator is None else (record.key or b"") + key_separator.encode()
            sys.stdout.buffer.write(prefix + (record.value or b"") + b"\n")
            sys.stdout.buffer.flush()
    except KeyboardInterrupt:
        if not follow:
            raise
    finally:
        records.close()


APP = verb(
    "read",
    topic_read,
    "tidemill topic read orders --limit 10\ntidemill topic read orders --follow --json",
)
