"""`tidemill schema check`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tidemill.cli.output import data, data_json
from tidemill.cli.schema_options import RegistryUrl
from tidemill.cli.verb import COMMON, Common, verb


def schema_check(
    subject: str, file: Path, /, *, registry: RegistryUrl = None, common: Common = COMMON
) -> int:
    """Check whether a schema may follow.

    It is compared with what its subject has, and not registered. The exit code is 1 where the
    subject's rule forbids it.

    Args:
        subject: the subject, such as `orders-value`.
        file: an .avsc (or .json) or .proto file.
        registry: another registry.
        common: the options of every verb.
    """
    from tidemill.control.schemas import check_schema, registry_of  # noqa: PLC0415 - when called

    found = check_schema(registry_of(common.project, registry), subject, file)
    if common.json:
        data_json(asdict(found))
    elif found.is_new:
        data(f"{subject}: there is no such subject, so any schema may be its first")
    else:
        data(f"{subject}: {'compatible' if found.compatible else 'incompatible'}"
             f" ({found.compatibility})")  # fmt: skip
        for message in found.messages:
            data(f"  {message}")
    return 0 if found.compatible else 1


APP = verb("check", schema_check, "tidemill schema check orders-value orders.avsc")
