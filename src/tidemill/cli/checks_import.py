"""`tidemill checks import`."""

from __future__ import annotations

from pathlib import Path

from tidemill.cli.output import data_json, say
from tidemill.cli.verb import COMMON, Common, verb


def checks_import(file: Path, /, *, common: Common = COMMON) -> None:
    """Take over a suite of Great Expectations.

    Writes checks/NAME.yaml from the JSON of a suite of Great Expectations 1.x. An expectation, or a
    part of one, that Tidemill does not have is refused by name; a file that exists is never
    overwritten.

    Args:
        file: the JSON of the suite.
        common: the options of every verb.
    """
    from tidemill.control.checks.exchange import import_suite  # noqa: PLC0415 - when called

    path = import_suite(file, common.project)
    if common.json:
        data_json({"file": str(path)})
        return
    say(f"Wrote {path}.")


APP = verb("import", checks_import, "tidemill checks import trips.json")
