"""The Python packages that Tidemill needs and has, and what compiled ones carry (PEP 770)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from tidemill.control.sbom.component import Component, pypi_purl, spdx

ROOT = "tidemill"
_NEED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^]]*)])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
NATIVE = "tidemill-native"


def python_components() -> tuple[Component, list[Component]]:
    """Tidemill itself, and all below it that is installed, with the crates inside."""
    found: dict[str, Component] = {}
    root = _add(ROOT, frozenset(), found, every_extra=True)
    assert root is not None, "this runs from it"
    _add(NATIVE, frozenset(), found)
    components = [c for c in found.values() if c.purl != root.purl]
    carried = [part for c in (root, *components) for part in _carried(c.name)]
    return found.pop(_norm(ROOT)), [*components, *carried]


def _norm(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _add(
    name: str, extras: frozenset[str], found: dict[str, Component], *, every_extra: bool = False
) -> Component | None:
    """The component of a distribution and of all that it needs; None where it is not installed."""
    try:
        one = distribution(name)
    except PackageNotFoundError:
        return None
    key = _norm(name)
    known = found.get(key)
    if known is not None and not extras:
        return known
    made = Component(one.name, one.version, pypi_purl(one.name, one.version), ROOT, licence_of(one))
    found[key] = made
    needs = []
    for wanted, its_extras in _needs(one, extras, every_extra=every_extra):
        inner = found.get(_norm(wanted)) if not its_extras else None
        inner = inner or _add(wanted, its_extras, found)
        if inner is not None:
            needs.append(inner.purl)
    found[key] = Component(
        made.name, made.version, made.purl, ROOT, made.licence, (), tuple(dict.fromkeys(needs))
    )
    return found[key]


def _needs(
    one: Distribution, extras: frozenset[str], *, every_extra: bool
) -> Iterator[tuple[str, frozenset[str]]]:
    for line in one.requires or ():
        text, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        if extra is not None and not every_extra and extra[1] not in extras:
            continue
        match = _NEED.match(text)
        if match is not None:
            inner = frozenset(x.strip() for x in (match[2] or "").split(",") if x.strip())
            yield match[1], inner


def licence_of(one: Distribution) -> str | None:
    """The licence as its metadata have it, by SPDX where that has a name for it."""
    about: Any = one.metadata
    expression = about.get("License-Expression")
    if expression:
        return str(expression)
    named = [
        c.rpartition(" :: ")[2]
        for c in about.get_all("Classifier") or ()
        if c.startswith("License :: ") and c != "License :: OSI Approved"
    ]
    written = spdx(about.get("License"))
    if written is not None and (not named or len(named) > 1):
        return written
    found = sorted({name for name in map(spdx, named) if name})
    return " OR ".join(found) or None


def _carried(name: str) -> Iterator[Component]:
    """What the distribution's own lists of parts name: Rust crates and libraries inside it."""
    for path in distribution(name).files or ():
        if "sboms" not in path.parts or not path.name.endswith(".json"):
            continue
        try:
            document = json.loads(Path(str(path.locate())).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        for part in document.get("components", ()):
            if part.get("purl") and part.get("version"):
                yield Component(
                    part["name"], part["version"], part["purl"].partition("?")[0], name,
                    _licence_in(part), _hashes(part),
                )  # fmt: skip


def _licence_in(part: dict[str, Any]) -> str | None:
    found = []
    for entry in part.get("licenses", ()):
        inner = entry.get("license", {})
        found.append(entry.get("expression") or inner.get("id") or inner.get("name") or "")
    return spdx(" AND ".join(text for text in found if text))


def _hashes(part: dict[str, Any]) -> tuple[str, ...]:
    return tuple(h["content"] for h in part.get("hashes", ()) if h.get("alg") == "SHA-256")
