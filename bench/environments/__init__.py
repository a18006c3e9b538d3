"""What the peers need, installed here on demand: a Python environment each, and jars.

`<peer>.in` names a peer's package, `<peer>.lock` what comes with it (names, versions and hashes, no
address; `tools/lock.sh` writes it). `jars.lock` does the same for Java, made by
`python -m bench.environments.lock`. All of it lies in Tidemill's cache folder, made once.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tidemill.services.artifacts import read_lock
from tidemill.services.cache import artifact_path, make_cache_folder
from tidemill.services.download import download
from tidemill.services.environments.pythons import choose_python
from tidemill.services.environments.specs import EnvironmentSpec
from tidemill.services.install import sha256_of
from tidemill.services.locks import file_lock
from tidemill.services.pip import install_locked
from tidemill.services.repository import repository_url

HERE = Path(__file__).parent
_PYTHONS = ((3, 11), (3, 12))


def python_of(peer: str, say: Callable[[str], None]) -> Path:
    """The interpreter of a peer's environment, which is made where it is missing."""
    spec = EnvironmentSpec(f"bench-{peer}", HERE / f"{peer}.lock", _PYTHONS, ())
    base, version = choose_python(spec)
    folder = make_cache_folder() / "environments" / spec.folder_name(version)
    python, made = folder / "bin" / "python", folder / "made"
    with file_lock(make_cache_folder() / f"environment-{spec.name}.lock"):
        if not made.exists():
            say(f"installing {peer}: {spec.packages} packages")
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(exist_ok=True)
            subprocess.run([str(base), "-m", "venv", "--without-pip", str(folder)], check=True)
            install_locked(f"the peer {peer}", spec.lock, [], lambda _: None, python)
            made.write_text(sha256_of(spec.lock), encoding="ascii")
    return python


def jars(name: str, say: Callable[[str], None]) -> list[Path]:
    """The jars of one entry of `jars.lock`, fetched where they are missing."""
    files = read_lock(HERE / "jars.lock")[name].files
    for artifact in files:
        path = artifact_path(artifact)
        if not path.exists():
            say(f"fetching {artifact.name}")
            download(artifact, repository_url(), path, lambda _: None)
    return [artifact_path(artifact) for artifact in files]
