"""What differs between two versions of a schema, line by line, as people read schemas.

A schema in JSON is laid out first, so that two texts that mean the same in another layout do not
differ; the order of an Avro schema's fields stays, as it means something.
"""

from __future__ import annotations

import difflib
import json
from typing import Any, Literal

from tidemill.control.schemas import show_schema
from tidemill.formats.schema_registry.client import SchemaRegistry
from tidemill.records import dataclass

LineKind = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """The lines of both versions, in order."""

    subject: str
    before: int
    after: int
    lines: tuple[tuple[LineKind, str], ...]

    @property
    def same(self) -> bool:
        """Whether they differ in nothing."""
        return all(kind == "same" for kind, _ in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        return {
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "same": self.same,
            "lines": [{"kind": kind, "text": text} for kind, text in self.lines],
        }


def schema_difference(
    registry: SchemaRegistry, subject: str, before: int, after: int
) -> SchemaDifference:
    """Compare two versions of a subject; raises UserError where one is not there."""
    texts = [
        laid_out(show_schema(registry, subject, one).schema).splitlines() for one in (before, after)
    ]
    return SchemaDifference(subject, before, after, tuple(_lines(*texts)))


def laid_out(schema: str) -> str:
    """A schema's text over several lines; what is not JSON, such as Protobuf, stays as it is."""
    try:
        return json.dumps(json.loads(schema), indent=2, ensure_ascii=False)
    except ValueError:
        return schema


def _lines(before: list[str], after: list[str]) -> list[tuple[LineKind, str]]:
    found: list[tuple[LineKind, str]] = []
    for tag, i0, i1, j0, j1 in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            found += [("same", line) for line in before[i0:i1]]
            continue
        found += [("removed", line) for line in before[i0:i1]]
        found += [("added", line) for line in after[j0:j1]]
    return found
