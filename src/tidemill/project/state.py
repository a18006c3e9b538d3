"""The state folder `.tidemill`: servers' data, credentials, checkpoints, logs.

Guarantees: mode 0700 (only the user can look in), and git never sees it.
"""

from __future__ import annotations

from pathlib import Path

from tidemill.errors import ProjectError, Where

STATE_DIR = ".tidemill"


def ensure_state_dir(state_dir: Path) -> Path:
    """Make the folder if it is not there, closed to others; returns it."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if state_dir.stat().st_mode & 0o077:
            state_dir.chmod(0o700)
        ignore = state_dir / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise ProjectError(
            f"the state folder {state_dir} cannot be made: {error.strerror}",
            code="project.state-dir",
            where=Where(file=str(state_dir)),
            hint="Make the project's folder writable for this user, and check the free space.",
        ) from None
    return state_dir
