"""Secrets of connectors, kept beside the project's own Connect and not in its topic.

Connect writes what it is given into its topic of configurations, and tells it to whoever asks its
REST interface. So its own worker is given references (`${file:...}`), which it resolves itself, by
its FileConfigProvider, from files that only their owner may read. A worker elsewhere cannot read
these files: it is given the values.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from pathlib import Path

from tidemill.errors import ProjectError
from tidemill.project import Project, Secret
from tidemill.services.endpoints import load_endpoint
from tidemill.services.jvm import write_properties
from tidemill.services.state import state_folder, write_private

_SERVER = "connect"


def referred(
    project: Project, url: str, name: str, config: Mapping[str, str | Secret]
) -> tuple[Mapping[str, str | Secret], Path | None]:
    """The configuration with references in place of secrets, and the file that holds them.

    The file's name is new each time: Connect reads it again only where the configuration differs.
    """
    folder = _folder(project, url)
    kept = {key: value for key, value in config.items() if isinstance(value, Secret)}
    if folder is None or not kept:
        return config, None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{_stem(name)}.{random.token_hex(6)}.properties"
    if set(str(path)) & set(":{}"):
        raise ProjectError(
            f"the project's folder `{project.root}` has a `:` or a brace in its path",
            code="project.bad-value",
            hint="Kafka Connect cannot refer to a file there; move the project.",
        )
    write_private(path, write_properties({key: value.reveal() for key, value in kept.items()}))
    return {**config, **{key: f"${{file:{path}:{key}}}" for key in kept}}, path


def forget(project: Project, url: str, name: str, but: Path | None = None) -> None:
    """Remove the files of a connector's secrets, except the one that is in use."""
    folder = _folder(project, url)
    for path in folder.glob(f"{_stem(name)}.*.properties") if folder is not None else ():
        if path != but:
            path.unlink(missing_ok=True)


def _folder(project: Project, url: str) -> Path | None:
    """Where the secrets of the project's own worker lie; None where `url` is another one's."""
    root = project.state_dir
    # Where a link leads the servers were started, and may read files.
    state = state_folder(root.resolve() if root.is_symlink() else root)
    endpoint = load_endpoint(state.server(_SERVER))
    if endpoint is None or endpoint.properties.get("url", "").rstrip("/") != url.rstrip("/"):
        return None
    return state.server(_SERVER) / "secrets"


def _stem(name: str) -> str:
    """The connector's name as the begin of a file's name: nothing in it leads elsewhere."""
    return "".join(c if c.isalnum() or c in "-_" else f"%{ord(c):02x}" for c in name)
