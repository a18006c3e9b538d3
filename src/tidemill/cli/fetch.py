"""`tidemill fetch`."""

from __future__ import annotations

from dataclasses import asdict

from tidemill.cli.output import data_json, say
from tidemill.cli.servers_view import StackTalk
from tidemill.cli.verb import COMMON, Common, verb


def fetch(*servers: str, common: Common = COMMON) -> None:
    """Fetch the servers' files for offline starts.

    Files come by `servers.lock`, checked by SHA-256, into the cache folder (`TIDEMILL_CACHE` moves
    it); what is there is not fetched again. `up`, `run` and `demo` do this by themselves. With
    flink comes the Python environment that its programs and functions run in; spark and learning
    (what trains models) are others.

    Args:
        servers: postgres, kafka, connect, redis, registry, s3, flink, spark or learning; by
            default the first three.
        common: the options of every verb.
    """
    from tidemill.control.fetch import fetch as fetch_servers  # noqa: PLC0415 - loaded when called

    with StackTalk() as talk:
        fetched = fetch_servers(servers, talk.tell)
    if common.json:
        data_json(asdict(fetched))
    else:
        ready = [*fetched.servers, *(f"Python for {name}" for name in fetched.environments)]
        say(f"Ready to start offline: {', '.join(ready)}.")


APP = verb("fetch", fetch, "tidemill fetch\ntidemill fetch kafka")
