"""Which modules a project may load, and that two projects do not mix."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tidemill.interfaces.python_function import FunctionLoadError
from tidemill.project import ProjectFunctions

ONE = "from tidemill.functions import udf\n\n\n@udf\ndef f(x: int) -> int:\n    return x + {}\n"


def project(root: Path, files: dict[str, str], packages: tuple[str, ...] = ()) -> ProjectFunctions:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return ProjectFunctions(root, packages)


def test_the_folder_functions_comes_first_then_the_project(tmp_path: Path) -> None:
    files = {"functions/w4_a.py": ONE.format(1), "w4_a.py": ONE.format(2), "w4_b.py": ONE.format(3)}
    files |= {"w4_pack/__init__.py": "", "w4_pack/deep.py": ONE.format(4)}
    own = project(tmp_path, files)
    assert own.function("w4_a.f").function(0) == 1
    assert own.function("w4_b.f").function(0) == 3
    loaded = own.function("w4_pack.deep.f")
    assert loaded.function(0) == 4
    assert (loaded.file, loaded.line) == ("w4_pack/deep.py", 4)


def test_modules_of_the_same_name_in_two_projects_do_not_mix(tmp_path: Path) -> None:
    helper = {"functions/w4_helper.py": "STEP = {}\n"}
    uses = "from tidemill.functions import udf\nfrom w4_helper import STEP\n\n\n"
    uses += "@udf\ndef f(x: int) -> int:\n    return x + STEP\n"
    found = []
    for number in (1, 2):
        files = {name: text.format(number) for name, text in helper.items()}
        files["functions/w4_uses.py"] = uses
        found.append(project(tmp_path / str(number), files).function("w4_uses.f").function(0))
    assert found == [1, 2]
    assert not any(str(tmp_path / "1") in entry for entry in sys.path)


def test_what_lies_outside_is_not_loaded(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    project(outside, {"w4_evil.py": "raise SystemExit('loaded')\n"})
    own = project(tmp_path / "in", {"functions/w4_ok.py": ONE.format(1)})
    (own.root / "functions" / "w4_evil.py").symlink_to(outside / "w4_evil.py")
    for path in ("w4_evil.f", "os.system", "subprocess.run", "..w4_evil.f", "w4_evil/f", "f", ""):
        with pytest.raises(FunctionLoadError):
            own.function(path)


def test_an_installed_package_must_be_listed(tmp_path: Path) -> None:
    with pytest.raises(FunctionLoadError, match="not in the project"):
        project(tmp_path, {}).function("tidemill.functions.udf")
    with pytest.raises(FunctionLoadError, match="plain function"):
        project(tmp_path, {}, ("tidemill",)).function("tidemill.functions.udf")


def test_a_module_that_exits_is_an_error_of_the_module(tmp_path: Path) -> None:
    own = project(tmp_path, {"w4_exits.py": "import sys\nsys.exit(3)\n"})
    with pytest.raises(FunctionLoadError, match=r"SystemExit: 3 \(w4_exits.py:2\)"):
        own.function("w4_exits.f")
