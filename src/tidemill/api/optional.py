"""Packages that some calls need and an installation may lack."""

from __future__ import annotations

import importlib
from typing import Any

from tidemill.errors import UserError


def needed(package: str) -> Any:
    """The package, or an error that says how to get it."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise UserError(
            f"the package {package} is not installed",
            code="api.missing-package",
            hint=f"Install it: pip install {package}",
        ) from None
