"""The row that is asked for: `COLUMN=VALUE,...`, or the values of the PRIMARY KEY in its order."""

from __future__ import annotations

import csv

from tidemill.errors import UserError, did_you_mean
from tidemill.model import TableDescriptor


def parse_key(sink: TableDescriptor, text: str) -> dict[str, str]:
    """The columns with the values that they must have; raises UserError.

    A value that holds a comma or a quote stands in double quotes, as in CSV.
    """
    parts = next(csv.reader([text], skipinitialspace=True), [])
    names = sink.schema.names
    if parts and all(part.partition("=")[0].strip() in names and "=" in part for part in parts):
        pairs = [part.partition("=") for part in parts]
        return {name.strip(): value.strip() for name, _, value in pairs}
    first = parts[0].partition("=")[0].strip() if parts else ""
    if not sink.primary_key:
        raise _wrong(
            f"`{sink.name}` has no PRIMARY KEY", did_you_mean(first, names)
            or f"Name columns: {names[0]}=VALUE. It has: {', '.join(names)}.",
        )  # fmt: skip
    if len(parts) != len(sink.primary_key):
        raise _wrong(
            f"the PRIMARY KEY of `{sink.name}` is ({', '.join(sink.primary_key)}), and the key has "
            f"{len(parts)} parts",
            "Give its values in this order, separated by commas, or as COLUMN=VALUE.",
        )
    return dict(zip(sink.primary_key, parts, strict=True))


def _wrong(message: str, hint: str) -> UserError:
    return UserError(message, code="control.row-key", hint=hint)
