"""`tidemill sbom`."""

from __future__ import annotations

from tidemill.cli.output import data_json, table
from tidemill.cli.verb import COMMON, Common, verb


def sbom(*, licences: bool = False, common: Common = COMMON) -> None:
    """List what Tidemill is made of (CycloneDX).

    The installed Python packages with the crates inside compiled ones, every file of servers.lock
    with its SHA-256, and the packages of the environments made on demand. A licence is known once
    a file has been fetched (`tidemill fetch`).

    Args:
        licences: a table of names, versions and licences in place of CycloneDX's JSON.
        common: the options of every verb.
    """
    from tidemill.control.sbom.document import make_sbom  # noqa: PLC0415 - loaded when called

    made = make_sbom()
    if not licences:
        data_json(made.cyclonedx())
        return
    parts = [made.root, *made.components]
    if common.json:
        data_json([part.as_dict() for part in parts])
        return
    rows = [
        (p.name, p.version, p.licence or "not known before it is fetched", p.part) for p in parts
    ]
    table(("name", "version", "licence", "part of"), rows)


APP = verb("sbom", sbom, "tidemill sbom > tidemill.cdx.json\ntidemill sbom --licences")
