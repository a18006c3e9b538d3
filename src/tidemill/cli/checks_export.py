"""`tidemill checks export`."""

from __future__ import annotations

from tidemill.cli.output import data_json
from tidemill.cli.verb import COMMON, Common, verb


def checks_export(suite: str, /, *, common: Common = COMMON) -> None:
    """Print a suite for Great Expectations.

    The JSON is that of a suite of Great Expectations 1.x. What only Tidemill has, such as the
    action, stands in `meta` under `tidemill`, and comes back with `tidemill checks import`.

    Args:
        suite: the suite's name.
        common: the options of every verb.
    """
    from tidemill.control.checks.exchange import export_suite  # noqa: PLC0415 - when called

    data_json(export_suite(suite, common.project))


APP = verb("export", checks_export, "tidemill checks export trips > trips.json")
