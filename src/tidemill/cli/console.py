"""`tidemill console`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tidemill.cli.output import data_json_line, say, say_styled
from tidemill.cli.verb import COMMON, Common, verb
from tidemill.errors import UsageError, UserError

if TYPE_CHECKING:
    from tidemill.console.server import Opened


def console(
    *,
    port: int = 8642,
    read_only: Annotated[bool, Parameter(show_default=False)] = False,
    host: str = "127.0.0.1",
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    allow_host: tuple[str, ...] = (),
    common: Common = COMMON,
) -> None:
    """Open the web console.

    Shows servers, pipelines, topics, consumer groups, connectors, dead letters and queries in a
    browser, and serves the same over HTTP under /api/v1, with metrics for Prometheus under
    /metrics. It runs until Ctrl-C.

    Log in with the token that it prints; every start makes a new one, unless the variable
    TIDEMILL_CONSOLE_TOKEN holds one. The token in .tidemill/console-viewer.token changes nothing:
    it is for those who only look, and for Prometheus.

    Args:
        port: where it listens; 0 for any free port.
        read_only: let nobody change anything.
        host: the address that it listens on; one beyond this machine needs TLS.
        tls_cert: certificate, in PEM.
        tls_key: its key, in PEM.
        allow_host: a further name under which browsers reach it; can be given several times.
        common: the options of every verb.
    """
    if (tls_cert is None) is not (tls_key is None):
        raise UsageError(
            "--tls-cert and --tls-key go together", code="cli.usage", hint="Give both."
        )
    try:
        from tidemill.console.server import (  # noqa: PLC0415 - loaded when called
            ConsoleSettings,
            serve,
        )
    except ImportError as error:
        raise UserError(
            f"the console's packages are not installed ({error.name} is missing)",
            code="console.not-installed",
            hint="Install them: pip install 'tidemill[console]'",
        ) from None

    def opened(now: Opened) -> None:
        if common.json:
            data_json_line({"url": now.url, "token": now.token, "read_only": now.read_only})
            return
        say_styled(f"The console runs at {now.url}", "bold")
        say(f"Open:      {now.url}/login#token={now.token}")
        say(f"Token:     {now.token}   (shown this once)")
        say(f"To look only: the token in {now.viewer_token_file}")
        say("Ctrl-C ends it.")

    serve(
        ConsoleSettings(common.project, host, port, read_only, tls_cert, tls_key, allow_host),
        opened,
    )


APP = verb("console", console, "tidemill console\ntidemill console --port 9000 --read-only")
