"""What becomes of a writer's schema that has other fields than the table declares columns.

The declared columns are the measure, so nothing has to be remembered between runs: each schema id
is looked at when its first message comes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tidemill.errors import ConnectorError, Where
from tidemill.formats.avro.raw import AvroSchema, kind, nullable_of
from tidemill.interfaces.schema_change import BEHAVIOR
from tidemill.model import Schema
from tidemill.records import dataclass

_log = logging.getLogger("tidemill.formats.avro_confluent")

AVRO_BEHAVIOR = replace(
    BEHAVIOR,
    description="What becomes of messages whose schema has other fields than the declared columns "
    "(Tidemill's own): `fail` stops before the first of them; `ignore` leaves out a field that is "
    "not declared, gives NULL for one that is missing, and sets aside what cannot be read; "
    "`evolve` stops where a declared column is missing or cannot be read.",
    default="ignore",
)


@dataclass(frozen=True, slots=True)
class WriterCheck:
    """Looks at a writer's schema, and stops or tells; `inside` is the envelope's field, if any."""

    behavior: str
    declared: Schema
    inside: str | None = None

    def __call__(self, writer: AvroSchema, schema_id: int, shown: str) -> None:
        """Raise ConnectorError `format.schema-changed` where reading cannot go on."""
        fields = self._fields(writer)
        if fields is None:
            return
        names = self.declared.names
        more = [name for name in fields if name not in names]
        missing = [name for name in names if name not in fields]
        if missing and self.behavior != "ignore":
            raise self._stopped(schema_id, shown, f"has no field `{missing[0]}`", missing[0])
        if more and self.behavior == "fail":
            what = f"has the field `{more[0]}`, which is not declared"
            raise self._stopped(schema_id, shown, what, more[0])
        for name in more:
            _log.warning(
                "schema %d of the %s has the field %s, which is not declared; it is left out",
                schema_id, shown, name,
            )  # fmt: skip
        for name in missing:
            _log.warning(
                "schema %d of the %s has no field %s; the column is NULL", schema_id, shown, name
            )

    def unreadable(self, schema_id: int, shown: str, why: str) -> None:
        """The same for a schema that cannot be resolved to the columns."""
        if self.behavior != "ignore":
            raise self._stopped(schema_id, shown, f"cannot be read: {why}", None)

    def _fields(self, writer: AvroSchema) -> Mapping[str, Any] | None:
        record = nullable_of(writer) if isinstance(writer, list) else writer
        if self.inside is not None and kind(record) == "record":
            found = {f["name"]: f["type"] for f in record["fields"]}.get(self.inside)
            record = nullable_of(found) if isinstance(found, list) else found
        if not isinstance(record, dict) or kind(record) != "record":
            return None
        return {field["name"]: field["type"] for field in record["fields"]}

    def _stopped(self, schema_id: int, shown: str, what: str, column: str | None) -> ConnectorError:
        mend = "Declare the columns as they are written"
        if column is not None and column not in self.declared.names:
            mend = f"Declare `{column}`"
        return ConnectorError(
            f"schema {schema_id} of the {shown} {what}",
            code="format.schema-changed",
            where=Where(server=shown),
            detail=f"'schema.change.behavior' is `{self.behavior}`. No message of this schema has "
            "been taken.",
            hint=f"{mend}, or let it through with 'schema.change.behavior' = 'ignore'.",
        )
