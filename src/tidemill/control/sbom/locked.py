"""What the lock files name: jars of the servers, and packages of the environments made on demand.

A licence is known once the file has been fetched: a jar says it in its manifest, in the Maven
project inside it or in its licence text; a package in its environment.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from xml.etree import ElementTree

from tidemill.control.sbom.component import Component, pypi_purl, spdx
from tidemill.control.sbom.python_packages import licence_of
from tidemill.services.artifacts import Artifact, read_lock, split_coordinates
from tidemill.services.cache import cache_folder
from tidemill.services.environments import ENVIRONMENTS, environment_packages
from tidemill.services.packages import PACKAGES

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_TEXTS = (
    ("Apache License", "Apache-2.0"),
    ("Eclipse Public License - v 2.0", "EPL-2.0"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Neither the name", "BSD-3-Clause"),
    ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
)
_TEXT_BYTES = 64 * 1024
_OF_GROUPS = {
    "com.dynatrace.hash4j": "Apache-2.0", "com.google.re2j": "BSD-3-Clause",
    "com.yammer.metrics": "Apache-2.0", "io.apicurio": "Apache-2.0", "io.debezium": "Apache-2.0",
    "javax.activation": "CDDL-1.1 OR GPL-2.0-only WITH Classpath-exception-2.0",
    "org.pcollections": "MIT", "org.slf4j": "MIT",
}  # fmt: skip
"""What the projects say whose files say nothing."""


def server_components() -> Iterator[Component]:
    """Every file of servers.lock, once for each server that needs it."""
    for server, needed in sorted(read_lock().items()):
        for file in needed.files:
            group, artifact, version, extension, classifier = split_coordinates(file.coordinates)
            more = f"?classifier={classifier}&type={extension}" if classifier else ""
            yield Component(
                f"{group}:{artifact}", version,
                f"pkg:maven/{group}/{artifact}@{version}{more}", f"server {server}",
                _jar_licence(file, group, artifact), (file.sha256,),
            )  # fmt: skip


def environment_components() -> Iterator[Component]:
    """Every package of the lock files of environments, and of servers that come as packages."""
    locks = {f"environment {name}": spec.lock for name, spec in ENVIRONMENTS.items()}
    locks |= {f"server {name}": lock for name, lock in PACKAGES.items()}
    for part, lock in sorted(locks.items()):
        kind, _, name = part.partition(" ")
        folder = environment_packages(name) if kind == "environment" else None
        known = _installed(folder) if folder is not None else {}
        for package, version, sums in _pinned(lock.read_text(encoding="utf-8")):
            purl = pypi_purl(package, version)
            yield Component(package, version, purl, part, known.get(purl), sums)


def _installed(folder: Path) -> dict[str, str | None]:
    return {
        pypi_purl(one.name, one.version): licence_of(one)
        for one in distributions(path=[str(folder)])
    }


def _pinned(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        pin = _PIN.match(block)
        if pin is not None:
            yield pin[1], pin[2], tuple(_HASH.findall(block))


def _jar_licence(file: Artifact, group: str, artifact: str) -> str | None:
    path = cache_folder() / "maven" / file.path
    if group in _OF_GROUPS or not path.is_file() or not zipfile.is_zipfile(path):
        return _OF_GROUPS.get(group)
    with zipfile.ZipFile(path) as jar:
        names = set(jar.namelist())
        project = f"META-INF/maven/{group}/{artifact}/pom.xml"
        found = _of_project(jar.read(project)) if project in names else None
        if found is None and "META-INF/MANIFEST.MF" in names:
            found = _of_manifest(jar.read("META-INF/MANIFEST.MF").decode("utf-8", "replace"))
        return found or _of_texts(jar, names)


def _of_project(content: bytes) -> str | None:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return None
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - of a file checked by its sum
    except ElementTree.ParseError:
        return None
    names = [
        element.text
        for licences in root if licences.tag.endswith("licenses")
        for licence in licences
        for element in licence if element.tag.endswith("name")
    ]  # fmt: skip
    return " OR ".join(dict.fromkeys(name for name in map(spdx, names) if name)) or None


def _of_manifest(text: str) -> str | None:
    whole = text.replace("\r\n ", "").replace("\n ", "")
    match = re.search(r"^Bundle-License: *(.+?)\s*$", whole, re.MULTILINE)
    if match is None:
        return None
    names = [one.partition(";")[0].strip(' "') for one in match[1].split(",")]
    found = dict.fromkeys(name for name in map(spdx, names) if name)
    return " OR ".join(found) or None


def _of_texts(jar: zipfile.ZipFile, names: set[str]) -> str | None:
    wanted = sorted(n for n in names if re.fullmatch(r"(?:META-INF/)?LICENSE(?:\.\w+)?", n, re.I))
    for name in wanted:
        with jar.open(name) as file:
            text = " ".join(file.read(_TEXT_BYTES).decode("utf-8", "replace").split())
        for mark, licence in _TEXTS:
            if mark in text:
                return licence
    return None
