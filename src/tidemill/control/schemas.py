"""Schemas of the project's registry by hand: list, show, register, check."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tidemill.control.project_context import open_project, server_login, server_property
from tidemill.errors import UserError
from tidemill.formats.schema_registry.client import (
    RegisteredSchema,
    RegistryLogin,
    SchemaRegistry,
)
from tidemill.records import dataclass
from tidemill.services import running_endpoints

_AT_ONCE = 8
_KINDS = {".avsc": "AVRO", ".proto": "PROTOBUF", ".json": "AVRO"}


@dataclass(frozen=True, slots=True)
class SubjectInfo:
    """A subject with its versions, oldest first, and the rule for the next one."""

    subject: str
    versions: tuple[int, ...]
    compatibility: str


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """Whether a schema may follow the latest one of a subject, and why not."""

    subject: str
    compatible: bool
    is_new: bool
    compatibility: str
    messages: tuple[str, ...]


def registry_of(project: Path | None, url: str | None) -> SchemaRegistry:
    """The registry at `url`, or that of the connection `registry`, or the project's own."""
    found = open_project(project, needed=url is None)
    if url is None:
        own = running_endpoints(found.state_dir)
        if "registry" not in found.settings.connections and "registry" not in own:
            raise UserError(
                "the project's schema registry is not running",
                code="service.not-running",
                hint="Start it: tidemill up registry. Or name another: --registry URL",
            )
        url = server_property(found, "registry.url")
    return SchemaRegistry(RegistryLogin(url, server_login(found, "registry", url)))


def list_subjects(registry: SchemaRegistry) -> list[SubjectInfo]:
    """All subjects."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda name: _info(registry, name), registry.subjects()))


def subject_info(registry: SchemaRegistry, subject: str) -> SubjectInfo:
    """One subject; raises UserError where there is none."""
    found = _info(registry, subject)
    if not found.versions:
        show_schema(registry, subject, None)
    return found


def _info(registry: SchemaRegistry, subject: str) -> SubjectInfo:
    return SubjectInfo(subject, tuple(registry.versions(subject)), registry.compatibility(subject))


def show_schema(registry: SchemaRegistry, subject: str, version: int | None) -> RegisteredSchema:
    """One version of a subject, by default the latest."""
    found = registry.version(subject, version if version is not None else "latest")
    if found is None:
        wanted = f"version {version} of `{subject}`" if version is not None else f"`{subject}`"
        raise UserError(
            f"the {registry.shown} has no {wanted}",
            code="format.unknown-schema",
            hint="See `tidemill schema list`.",
        )
    return found


def register_schema(
    registry: SchemaRegistry, subject: str, file: Path, compatibility: str | None
) -> RegisteredSchema:
    """Register a file's schema as the next version; sets the subject's rule after it, if given."""
    text, kind = read_schema_file(file)
    registry.register(subject, text, kind)
    if compatibility is not None:
        registry.set_compatibility(subject, compatibility)
    return show_schema(registry, subject, None)


def check_schema(registry: SchemaRegistry, subject: str, file: Path) -> SchemaCheck:
    """Whether a file's schema may follow the subject's latest one; changes nothing."""
    return check_schema_text(registry, subject, *read_schema_file(file))


def check_schema_text(registry: SchemaRegistry, subject: str, text: str, kind: str) -> SchemaCheck:
    """The same of a schema's text; `kind` is AVRO, PROTOBUF or JSON."""
    # Some registries call anything compatible with a subject that is not there.
    is_new = not registry.versions(subject)
    said = () if is_new else registry.incompatibilities(subject, text, kind) or ()
    return SchemaCheck(subject, not said, is_new, registry.compatibility(subject), tuple(said))


def read_schema_file(file: Path) -> tuple[str, str]:
    """The text of a schema and its kind, by the file's ending."""
    kind = _KINDS.get(file.suffix.lower())
    try:
        text = file.read_text(encoding="utf-8")
        if kind == "AVRO":
            json.loads(text)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{file} cannot be read as a schema: {error}", code="cli.unreadable"
        ) from None
    if kind is None:
        raise UserError(
            f"the ending of {file.name} says no kind of schema",
            code="cli.unreadable",
            hint="Endings are .avsc and .json for Avro, .proto for Protobuf.",
        )
    return text, kind
