"""The program as a fixture (test folders are no packages)."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Tidemill = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tidemill(tmp_path: Path) -> Tidemill:
    """Runs one command line in a process, without a terminal, in `tmp_path` by default."""

    def run(
        *arguments: str,
        cwd: Path | None = None,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TIDEMILL_DEBUG")}
        return subprocess.run(
            [sys.executable, "-m", "tidemill.cli", *arguments],
            cwd=cwd or tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            env={**clean, "COLUMNS": "100", **(env or {})},
        )

    return run
