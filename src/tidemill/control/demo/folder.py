"""The folder a demo works in: a copy of the example, where the user can change everything.

It stands at `.tidemill/demo/<name>` under the current folder, one per input, so that what was
loaded and computed stays apart. Files of the example that the user has changed are left alone; the
others follow the installed version.
Guarantees: one run at a time per folder (an advisory lock, gone with its process).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path

import msgspec
from ruamel.yaml import YAML

from tidemill.errors import UsageError, UserError, Where, did_you_mean
from tidemill.project import safe_name
from tidemill.project.state import STATE_DIR, ensure_state_dir

COPIED = ".example.json"


def examples_folder() -> Path:
    """Where the examples stand: in the package, or in the checkout that it is installed from."""
    packaged = Path(str(resources.files("tidemill"))) / "_examples"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[4] / "examples"


def example_names() -> tuple[str, ...]:
    """The examples there are."""
    folder = examples_folder()
    if not folder.is_dir():
        return ()
    return tuple(sorted(f.name for f in folder.iterdir() if (f / "tidemill.yaml").is_file()))


def find_example(name: str) -> Path:
    """The folder of one example; raises UsageError where there is none of this name."""
    known = example_names()
    if name not in known:
        raise UsageError(
            f"there is no example `{name}`",
            code="demo.unknown-example",
            hint=did_you_mean(name, known) or f"There are: {', '.join(known) or 'none'}.",
        )
    return examples_folder() / name


def demo_folder(base: Path, example: str, input_file: Path | None) -> Path:
    """The folder for this example and input under `base`."""
    name = example if input_file is None else f"{example}-{safe_name(input_file.stem)}"
    return base / STATE_DIR / "demo" / name


def copy_example(example: Path, folder: Path) -> None:
    """Copy the example's files; those that the user changed since the last copy are kept."""
    if folder.parent.name == "demo":
        ensure_state_dir(folder.parent.parent)
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / COPIED
    copied: dict[str, str] = {}
    if record.is_file():
        with contextlib.suppress(msgspec.DecodeError):
            copied = msgspec.json.decode(record.read_bytes(), type=dict[str, str])
    for source in sorted(p for p in example.rglob("*") if p.is_file()):
        name = str(source.relative_to(example))
        if any(part.startswith((".", "__")) for part in Path(name).parts):
            continue
        target = folder / name
        if target.exists() and _digest(target) != copied.get(name):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        copied[name] = _digest(target)
    record.write_bytes(msgspec.json.encode(copied))


def set_variables(folder: Path, variables: Mapping[str, str]) -> None:
    """Write values of the project's variables into the copy's tidemill.yaml, comments kept."""
    file = folder / "tidemill.yaml"
    yaml = YAML()
    yaml.preserve_quotes = True
    content = yaml.load(file)
    if all(content["variables"].get(name) == value for name, value in variables.items()):
        return
    content["variables"].update(variables)
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(content, out)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; raises UserError where another run holds it."""
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                "another run of this demo is using the same folder",
                code="demo.busy",
                where=Where(file=str(folder)),
                hint="Wait for it or stop it, or run from another folder.",
            ) from None
        yield


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
