"""The guide's Python runs as it stands, block after block."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import tidemill
import tidemill.api

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "python-api.md"


def test_the_guide_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
    assert len(blocks) >= 3
    script = tmp_path / "guide.py"
    script.write_text("\n".join(blocks))
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "TUMBLE(TABLE step_1" in done.stdout
    assert (tmp_path / "fares").is_dir()


def test_the_package_gives_the_names_of_the_api() -> None:
    assert {*tidemill.__all__} - {"__version__"} == {*tidemill.api.__all__}
    assert callable(tidemill.sql)


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, tidemill; print([m for m in sys.modules if m.startswith('tidemill.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['tidemill.version']"
