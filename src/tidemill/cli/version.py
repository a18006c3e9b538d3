"""`tidemill version`."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

from tidemill.cli.output import data, data_json
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.version import __version__

_PARTS = ("duckdb", "pyarrow", "sqlglot", "confluent-kafka", "psycopg")


def version(*, common: Common = COMMON) -> None:
    """Show the versions.

    Shows Tidemill's version, Python's, and those of the libraries that do the work.
    """
    found = {"tidemill": __version__, "python": platform.python_version()}
    for part in _PARTS:
        try:
            found[part] = version_of(part)
        except PackageNotFoundError:
            found[part] = "missing"
    if common.json:
        data_json({**found, "platform": platform.platform()})
        return
    for name, text in found.items():
        data(f"{name} {text}")


APP = verb("version", version, "tidemill version --json")
