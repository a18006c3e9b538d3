"""`tidemill up`."""

from __future__ import annotations

from tidemill.cli.console_line import say_console
from tidemill.cli.output import data_json, say
from tidemill.cli.servers_view import StackTalk, show_status
from tidemill.cli.verb import COMMON, Common, verb


def up(*servers: str, common: Common = COMMON) -> None:
    """Start the project's servers.

    Starts those that tidemill.yaml names, or those given, with what they need; the first time their
    files are fetched. Ends when all are ready, shows how to reach them, and leaves them running;
    what runs already is left alone. `tidemill down` stops them.

    Args:
        servers: postgres, kafka, connect, redis, registry, s3, flink, airflow or
            prometheus; by default
            those in tidemill.yaml.
        common: the options of every verb.
    """
    from tidemill.control.servers import start_servers  # noqa: PLC0415 - loaded when called

    with StackTalk() as talk:
        stack = start_servers(common.project, servers, talk.tell)
    if common.json:
        data_json(stack.as_dict())
    else:
        show_status(stack)
        say_console(common)
        say("Stop them with: tidemill down")


APP = verb("up", up, "tidemill up\ntidemill up kafka")
