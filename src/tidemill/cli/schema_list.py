"""`tidemill schema list`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.output import data_json, say, table
from tidemill.cli.schema_options import RegistryUrl
from tidemill.cli.verb import COMMON, Common, verb


def schema_list(*, registry: RegistryUrl = None, common: Common = COMMON) -> None:
    """List the subjects.

    Args:
        registry: another registry.
        common: the options of every verb.
    """
    from tidemill.control.schemas import list_subjects, registry_of  # noqa: PLC0415 - when called

    subjects = list_subjects(registry_of(common.project, registry))
    if common.json:
        data_json([asdict(subject) for subject in subjects])
    elif subjects:
        rows = [(s.subject, ", ".join(map(str, s.versions)), s.compatibility) for s in subjects]
        table(("subject", "versions", "compatibility"), rows)
    else:
        say("There is no subject.")


APP = verb("list", schema_list, "tidemill schema list")
