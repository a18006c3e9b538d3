"""How to reach a bucket: the same keys in table options, connections and Python.

The names are those of Flink's configuration (`s3.endpoint`, `s3.access-key` ...). On tables they
are Tidemill's only (Flink takes them in its configuration) and seldom needed: `s3://` paths of a
project get them from its running server `s3`, or from `connections:`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from urllib.parse import urlsplit

from tidemill.interfaces.addresses import on_this_machine
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.records import dataclass

PREFIX = "s3."

OPTIONS = (
    Option(
        "s3.endpoint", OptionType.STRING, "Address of the S3 store (Tidemill only); by default AWS."
    ),
    Option("s3.region", OptionType.STRING, "The bucket's region (Tidemill only)."),
    Option(
        "s3.path-style-access",
        OptionType.BOOLEAN,
        "Whether the bucket stands in the path and not in the host's name (Tidemill only); by "
        "default where an endpoint is given.",
    ),
    Option("s3.access-key", OptionType.STRING, "The access key's id (Tidemill only)."),
    Option("s3.secret-key", OptionType.STRING, "The secret key (Tidemill only).", secret=True),
    Option(
        "s3.session-token",
        OptionType.STRING,
        "The token of temporary keys (Tidemill only).",
        secret=True,
    ),
)
"""For the OptionSet of every connector that reads or writes `s3://`."""

_SET = OptionSet("an S3 store", OPTIONS)


@dataclass(frozen=True, slots=True)
class S3Options:
    """How to reach a bucket; secrets show in no repr."""

    endpoint: str | None = None
    region: str | None = None
    path_style: bool = False
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is on this machine, where no proxy stands between."""
        return on_this_machine(urlsplit(self.endpoint).hostname if self.endpoint else None)


def parse_options(given: Mapping[str, str]) -> S3Options:
    """The options, from those of `given` that start with `s3.`; raises ProjectError."""
    values = _SET.parse({key: text for key, text in given.items() if key.startswith(PREFIX)})
    endpoint = values["s3.endpoint"]
    path_style = values["s3.path-style-access"]
    return S3Options(
        endpoint,
        values["s3.region"],
        path_style if path_style is not None else endpoint is not None,
        values["s3.access-key"],
        values["s3.secret-key"],
        values["s3.session-token"],
    )
