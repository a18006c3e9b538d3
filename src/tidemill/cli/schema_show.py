"""`tidemill schema show`."""

from __future__ import annotations

import json
from dataclasses import asdict

from tidemill.cli.output import data, data_json, say
from tidemill.cli.schema_options import RegistryUrl
from tidemill.cli.verb import COMMON, Common, verb


def schema_show(
    subject: str,
    /,
    *,
    version: int | None = None,
    registry: RegistryUrl = None,
    common: Common = COMMON,
) -> None:
    """Show a schema of a subject.

    Args:
        subject: the subject, such as `orders-value`.
        version: which version; by default the latest.
        registry: another registry.
        common: the options of every verb.
    """
    from tidemill.control.schemas import registry_of, show_schema  # noqa: PLC0415 - when called

    found = show_schema(registry_of(common.project, registry), subject, version)
    if common.json:
        data_json(asdict(found))
        return
    say(f"{found.subject}, version {found.version}, id {found.id}, {found.kind}")
    text = found.schema
    data(json.dumps(json.loads(text), indent=2) if found.kind == "AVRO" else text.rstrip())


APP = verb("show", schema_show, "tidemill schema show orders-value --version 1")
