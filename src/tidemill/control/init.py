"""Make a new project from a template.

Guarantees: nothing that exists is overwritten; a project made by a template passes `tidemill check`
as it is. Non-guarantee: a failure half-way (a full disk) leaves the files written so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from tidemill.control.dbt.files import add_dbt
from tidemill.errors import UserError, Where, did_you_mean
from tidemill.project import safe_name
from tidemill.project.project import PROJECT_FILE
from tidemill.records import dataclass

TEMPLATES = {
    "minimal": "a file summed into another file; needs no server",
    "kafka-to-postgres": "a Kafka topic, windowed, into a Postgres table",
    "cdc": "changes of a Postgres table through Debezium and Kafka into another table",
}
"""The templates with what each is."""


@dataclass(frozen=True, slots=True)
class InitResult:
    """What was made."""

    name: str
    folder: Path
    template: str
    files: tuple[str, ...]


def init(folder: Path, template: str = "minimal", parts: Sequence[str] = ()) -> InitResult:
    """Write the template's files into `folder`, which is made if it is not there.

    `parts` are added to it (`dbt`); to a project that is there already they alone are.
    """
    target = folder.resolve()
    there = (target / PROJECT_FILE).is_file()
    made = () if there and parts else _init(target, template).files
    for part in parts:
        assert part == "dbt", "the command line takes no other"
        texts = _collect(files("tidemill.control").joinpath("templates", part))
        made = (*made, *add_dbt(target, texts))
    return InitResult(safe_name(target.name), target, template, made)


def _init(folder: Path, template: str) -> InitResult:
    if template not in TEMPLATES:
        raise UserError(
            f"there is no template `{template}`",
            code="cli.unknown-template",
            hint=did_you_mean(template, TEMPLATES) or f"Templates: {', '.join(TEMPLATES)}.",
        )
    target = folder.resolve()
    name = safe_name(target.name)
    made = _collect(files("tidemill.control").joinpath("templates", template))
    taken = [path for path in made if (target / path).exists()]
    if taken:
        raise UserError(
            f"{target} already has {taken[0]}",
            code="cli.not-empty",
            where=Where(file=str(target / taken[0])),
            hint="Choose another folder; nothing was written.",
        )
    try:
        for path, content in made.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(content.replace("{{name}}", name), encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{error.filename or target} cannot be written: {error.strerror}",
            code="cli.not-empty",
            hint="Choose a folder that you can write to.",
        ) from None
    return InitResult(name, target, template, tuple(made))


def _collect(folder: Traversable, prefix: str = "") -> dict[str, str]:
    """The template's files by path; a file named `gitignore` becomes `.gitignore`."""
    found: dict[str, str] = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found |= _collect(entry, f"{prefix}{entry.name}/")
        else:
            name = ".gitignore" if entry.name == "gitignore" else entry.name
            found[prefix + name] = entry.read_text(encoding="utf-8")
    return found
