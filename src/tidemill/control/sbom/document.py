"""The list of parts as a CycloneDX document, and as a list of licences."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from tidemill.control.sbom.component import Component, is_expression
from tidemill.control.sbom.locked import environment_components, server_components
from tidemill.control.sbom.python_packages import python_components
from tidemill.records import dataclass

SPEC_VERSION = "1.6"


@dataclass(frozen=True, slots=True)
class Sbom:
    """Tidemill and all its parts."""

    root: Component
    components: Sequence[Component]

    def cyclonedx(self) -> dict[str, Any]:
        """As CycloneDX JSON; the same parts give the same document."""
        parts = _once(self.components)
        edges = {self.root.purl: self.root.needs, **{c.purl: c.needs for c in parts if c.needs}}
        known = {self.root.purl, *(c.purl for c in parts)}
        seed = "\n".join(sorted(known))
        return {
            "bomFormat": "CycloneDX",
            "specVersion": SPEC_VERSION,
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
            "version": 1,
            "metadata": {"component": {"type": "application", **_part(self.root)}},
            "components": [{"type": "library", **_part(one)} for one in parts],
            "dependencies": [
                {"ref": purl, "dependsOn": sorted(need for need in needs if need in known)}
                for purl, needs in sorted(edges.items())
            ],
        }


def make_sbom() -> Sbom:
    """The parts of this installation, and what its lock files name."""
    root, below = python_components()
    return Sbom(root, [*below, *server_components(), *environment_components()])


def _once(components: Sequence[Component]) -> list[Component]:
    """One entry per package URL, the one that knows its licence."""
    found: dict[str, Component] = {}
    for one in components:
        known = found.get(one.purl)
        if known is None or (known.licence is None and one.licence is not None):
            found[one.purl] = one
    return [found[purl] for purl in sorted(found)]


def _part(one: Component) -> dict[str, Any]:
    group, colon, name = one.name.rpartition(":")
    made: dict[str, Any] = {
        "bom-ref": one.purl,
        **({"group": group} if colon else {}),
        "name": name,
        "version": one.version,
        "purl": one.purl,
        "properties": [{"name": "tidemill:part", "value": one.part}],
    }
    if one.licence is not None:
        made["licenses"] = (
            [{"expression": one.licence}]
            if is_expression(one.licence)
            else [{"license": {"name": one.licence}}]
        )
    if len(one.sha256) == 1:
        made["hashes"] = [{"alg": "SHA-256", "content": one.sha256[0]}]
    return made
