"""`tidemill schema register`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tidemill.cli.output import data, data_json
from tidemill.cli.schema_options import RegistryUrl
from tidemill.cli.verb import COMMON, Common, verb

Rule = Literal[
    "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL",
    "FULL_TRANSITIVE", "NONE",
]  # fmt: skip


def schema_register(
    subject: str,
    file: Path,
    /,
    *,
    compatibility: Annotated[Rule | None, Parameter(negative=())] = None,
    registry: RegistryUrl = None,
    common: Common = COMMON,
) -> None:
    """Register a schema.

    It becomes the next version of its subject.

    A schema that is there already keeps its version and id. One that breaks the subject's rule is
    refused.

    Args:
        subject: the subject, such as `orders-value`.
        file: an .avsc (or .json) or .proto file.
        compatibility: the rule for the versions after this one.
        registry: another registry.
        common: the options of every verb.
    """
    from tidemill.control.schemas import register_schema, registry_of  # noqa: PLC0415 - when called

    found = register_schema(registry_of(common.project, registry), subject, file, compatibility)
    if common.json:
        data_json(asdict(found))
    else:
        data(f"{found.subject}: version {found.version}, id {found.id}")


APP = verb("register", schema_register, "tidemill schema register orders-value orders.avsc")
