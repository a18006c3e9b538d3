"""W3C trace context (level 1): ids of a run's epochs, and the header that carries them in Kafka.

The ids follow from the job and the epoch alone, so that a sink writes the header without knowing of
any tracing library, and an epoch that is written again after a crash carries the same trace.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

TRACEPARENT = "traceparent"
_FORM = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class TraceContext(NamedTuple):
    """A span: the ids of its trace and of itself."""

    trace_id: int
    span_id: int

    @property
    def header(self) -> bytes:
        """The header's value; sampled."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-01".encode()


def epoch_context(job: str, epoch: int) -> TraceContext:
    """The span of an epoch; neither id is zero."""
    digest = hashlib.sha256(f"{job}/{epoch}".encode()).digest()
    return TraceContext(int.from_bytes(digest[:16]) or 1, int.from_bytes(digest[16:24]) or 1)


def parse_header(value: bytes | None) -> TraceContext | None:
    """The span that a header names; None where it is none."""
    found = _FORM.fullmatch(value or b"")
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    return TraceContext(int(found[1], 16), int(found[2], 16))
