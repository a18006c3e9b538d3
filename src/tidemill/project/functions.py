"""The Python functions of a project: modules in its folder `functions/`, else in the project.

Guarantees: only a module whose file lies in the project is imported, unless its top-level package
is listed under `functions: packages:` in `tidemill.yaml`. A name in a text is looked up, never
evaluated. Modules of two projects do not mix: opening another project forgets the first one's.
"""

from __future__ import annotations

import importlib
import re
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from tidemill.functions import UserFunction
from tidemill.interfaces.python_function import FunctionLoadError, LoadedFunction
from tidemill.model import Field
from tidemill.project.models import OnnxModel, model_file

FOLDER = "functions"
"""Where modules are looked for first, in a project's folder."""

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


class ProjectFunctions:
    """Loads functions and finds model files of one project."""

    _lock: ClassVar[threading.RLock] = threading.RLock()
    _active: ClassVar[tuple[Path, ...]] = ()

    def __init__(self, root: Path, packages: Sequence[str] = ()) -> None:
        self.root = root.resolve()
        self.packages = tuple(packages)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where modules are looked for, in this order."""
        return self.root / FOLDER, self.root

    def function(self, path: str) -> LoadedFunction:
        """The function `module.name`; FunctionLoadError where it cannot be had."""
        if not _PATH.fullmatch(path):
            raise FunctionLoadError(
                f"the function `{path}` names no function of a module", "Write 'module.function'."
            )
        module_name, _, name = path.rpartition(".")
        with self._lock:
            module = self._import(module_name)
            try:
                found = getattr(module, name)
            except AttributeError:
                known = [n for n, v in vars(module).items() if isinstance(v, UserFunction)]
                raise FunctionLoadError(
                    f"the function `{path}` cannot be found: the module `{module_name}` has no "
                    f"`{name}`",
                    f"Functions there: {', '.join(known)}." if known else _DECORATE,
                ) from None
        return self._loaded(path, module, found)

    def onnx_model(
        self, path: str, inputs: Sequence[Field], outputs: Sequence[Field]
    ) -> LoadedFunction:
        """The model of a file of the project, called by onnxruntime."""
        file = model_file(self.root, path)
        return LoadedFunction(
            kind="model",
            function=OnnxModel(file, inputs, outputs),
            input_types=None,
            result_types=(),
            accumulator_type=None,
            deterministic=True,
            arrow=True,
            file=self.shown(file),
            line=1,
            root=str(self.root),
        )

    def _loaded(self, path: str, module: ModuleType, found: Any) -> LoadedFunction:
        if not isinstance(found, UserFunction):
            raise FunctionLoadError(
                f"the function `{path}` is {_kind_of(found)}, not a declared function", _DECORATE
            )
        inner = getattr(found.function, "eval", None) or getattr(
            found.function, "accumulate", found.function
        )
        code = getattr(inner, "__code__", None)
        return LoadedFunction(
            kind=found.kind,  # type: ignore[arg-type]
            function=found.function,
            input_types=found.input_types,
            result_types=found.result_types,
            accumulator_type=found.accumulator_type,
            deterministic=found.deterministic,
            arrow=found.arrow,
            file=self.shown(code.co_filename if code else str(module.__file__)),
            line=code.co_firstlineno if code else 1,
            root=str(self.root),
        )

    def shown(self, file: str) -> str:
        """A file's path from the project's folder, where it lies in it."""
        path = Path(file)
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else file

    def _import(self, name: str) -> ModuleType:
        own = self._own_file(name)
        if own is None and name.partition(".")[0] not in self.packages:
            raise FunctionLoadError(
                f"the module `{name}` cannot be found: it is not in the project",
                f"Make {FOLDER}/{name.replace('.', '/')}.py in the project's folder; an installed "
                "package must be listed under `functions: packages:` in tidemill.yaml.",
            )
        self._activate()
        try:
            module = importlib.import_module(name)
        except FunctionLoadError:
            raise
        except (Exception, SystemExit) as error:
            raise self._import_failed(name, error) from error
        file = Path(module.__file__).resolve() if module.__file__ else None
        if own is not None and file != own:
            raise FunctionLoadError(
                f"the module `{name}` cannot be loaded: another module of this name is installed",
                f"Give {own.relative_to(self.root)} another name.",
            )
        return module

    def _own_file(self, name: str) -> Path | None:
        """The module's file in the project; a link out of it does not count."""
        for folder in self.folders:
            base = folder.joinpath(*name.split("."))
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                if file.is_file() and file.resolve().is_relative_to(self.root):
                    return file.resolve()
        return None

    def _activate(self) -> None:
        """Let Python find this project's modules, behind all that is installed."""
        cls = type(self)
        if cls._active == self.folders:
            return
        for folder in cls._active:
            if str(folder) in sys.path:
                sys.path.remove(str(folder))
        if cls._active:
            _forget(cls._active[-1])
        sys.path.extend(str(folder) for folder in self.folders)
        importlib.invalidate_caches()
        cls._active = self.folders

    def _import_failed(self, name: str, error: BaseException) -> FunctionLoadError:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("pyflink"):
            return FunctionLoadError(
                f"the module `{name}` cannot be loaded: it imports PyFlink, which is not in this "
                "environment",
                "Write `from tidemill.functions import udf, udtf, udaf`: inside PyFlink these are "
                "PyFlink's own, so the same module runs on both engines.",
            )
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if Path(f.filename).is_relative_to(self.root)]
        place = f" ({self.shown(own[-1].filename)}:{own[-1].lineno})" if own else ""
        if isinstance(error, SyntaxError) and error.filename:
            place = f" ({self.shown(error.filename)}:{error.lineno})"
            return FunctionLoadError(f"the module `{name}` cannot be loaded: {error.msg}{place}")
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return FunctionLoadError(f"the module `{name}` cannot be loaded: {reason}{place}")


_DECORATE = (
    "Declare it with a decorator: `from tidemill.functions import udf`, then @udf above the "
    "function."
)


def _kind_of(value: Any) -> str:
    if isinstance(value, ModuleType):
        return "a module"
    if isinstance(value, type):
        return "a class"
    return "a plain function" if callable(value) else f"a {type(value).__name__}"


def _forget(root: Path) -> None:
    """Take the modules of a project out of Python's memory."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(root) and "site-packages" not in Path(file).parts:
            del sys.modules[name]
