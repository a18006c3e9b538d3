"""`tidemill top`."""

from __future__ import annotations

import sys

from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError, UserError


def top(*, common: Common = COMMON) -> None:
    """Show servers and pipelines, live.

    What is wrong stands first, each with what to do; then the pipelines with rates, lag and event
    time, and the servers. `q` leaves. Elsewhere than on a terminal, use: tidemill status --json

    Args:
        common: the options of every verb.
    """
    if common.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "tidemill top needs a terminal",
            code="cli.no-terminal",
            hint="For scripts: tidemill status --json",
        )
    try:
        from tidemill.cli.top_view import TopView  # noqa: PLC0415 - loaded when called
    except ImportError as error:
        raise UserError(
            f"the package {error.name} is not installed",
            code="console.not-installed",
            hint="Install it: pip install 'tidemill[console]'",
        ) from None
    from tidemill.control.overview import overview  # noqa: PLC0415
    from tidemill.control.project_context import open_project  # noqa: PLC0415

    TopView(lambda: overview(open_project(common.project, needed=False))).run()


APP = verb("top", top, "tidemill top\ntidemill top -C my-project")
