"""Log records as JSON lines in the Elastic Common Schema (ECS 9), as Logstash and others take them.

`@timestamp`, `log.level` and `message` stand first, then ECS's own fields; what ECS has no field
for is under `tidemill`: pipeline, epoch, topic, partition, offset, table, and the record's extras.
Where an error knows its place, that place is the line's.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from tidemill.errors import TidemillError, Where

VERSION = "9.0.0"
Context = Callable[[], Mapping[str, Any]]
_KNOWN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime"}
_PLACES = ("pipeline", "table", "topic", "partition", "offset", "operator")


class EcsLines(logging.Formatter):
    """A record as one line; `mask` hides secrets in the finished text.

    `context` gives values for every line, such as the pipeline and its epoch now; what the record
    itself says (`extra=`) comes over them.
    """

    def __init__(
        self, dataset: str, mask: Callable[[str], str], context: Context | None = None
    ) -> None:
        super().__init__()
        self._dataset = dataset
        self._mask = mask
        self._context = context

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        error = record.exc_info[1] if record.exc_info else None
        own = {k: v for k, v in record.__dict__.items() if k not in _KNOWN}
        where = own.pop("where", None) or getattr(error, "where", None)
        values: dict[str, Any] = dict(self._context() if self._context else {})
        values |= _place(where)
        values |= own
        line: dict[str, Any] = {
            "@timestamp": f"{stamp}.{int(record.msecs):03d}Z",
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "ecs.version": VERSION,
            "log.logger": record.name,
            "service.name": "tidemill",
            "event.dataset": self._dataset,
            "process.pid": record.process,
            "process.thread.name": record.threadName,
        }
        if error is not None and record.exc_info is not None:
            line["error.type"] = type(error).__name__
            line["error.message"] = str(error)
            line["error.stack_trace"] = self.formatException(record.exc_info)
            if isinstance(error, TidemillError):
                line["error.code"] = error.code
        if values:
            line["tidemill"] = values
        return self._mask(json.dumps(line, ensure_ascii=False, default=str))


def _place(where: object) -> dict[str, Any]:
    if not isinstance(where, Where):
        return {}
    found = {name: getattr(where, name, None) for name in _PLACES}
    return {name: value for name, value in found.items() if value is not None}
