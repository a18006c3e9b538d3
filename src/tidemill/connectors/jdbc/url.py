"""The `url` of a jdbc table: where the database is."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote

from tidemill.errors import ProjectError, did_you_mean
from tidemill.records import dataclass

_SHAPE = re.compile(
    r"jdbc:postgresql:(?://(?P<host>\[[^]]+]|[^:/?\[\]]*)(?::(?P<port>\d+))?/)?"
    r"(?P<database>[^/?]*)(?:\?(?P<query>.*))?"
)
_PASSED = {
    "sslmode": "sslmode", "sslrootcert": "sslrootcert", "sslcert": "sslcert", "sslkey": "sslkey",
    "connecttimeout": "connect_timeout",
}  # fmt: skip
_WITHOUT_EFFECT = frozenset(
    {"rewritebatchedinserts", "stringtype", "preparethreshold", "binarytransfer", "tcpkeepalive",
     "usessl", "useunicode", "characterencoding", "defaultrowfetchsize", "applicationname",
     "sockettimeout", "logintimeout", "loggerlevel", "autosave", "reconnect", "servertimezone"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """One database: host, port, name, the default schema, and libpq's parameters."""

    host: str
    port: int
    database: str | None
    current_schema: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database or ''}"

    @property
    def identity(self) -> str:
        """Equal for equal databases, however loopback is spelled."""
        host = self.host.lower()
        host = "localhost" if host in ("127.0.0.1", "::1") else host
        return f"{host}:{self.port}/{self.database or ''}"


def parse_url(url: str) -> Target:
    """The parts of a `jdbc:postgresql:` URL; all else raises ProjectError."""
    match = _SHAPE.fullmatch(url.strip())
    if match is None:
        raise _refused(url)
    current_schema, parameters = _parameters(match["query"] or "")
    return Target(
        host=(match["host"] or "localhost").strip("[]"),
        port=int(match["port"] or 5432),
        database=unquote(match["database"]) or None,
        current_schema=current_schema,
        parameters=parameters,
    )


def _refused(url: str) -> ProjectError:
    shape = "Write it as `jdbc:postgresql://host:port/database`."
    if not url.startswith("jdbc:"):
        return ProjectError(
            "option `url` takes a JDBC address, and this one does not start with `jdbc:`",
            code="connector.bad-option",
            hint=shape,
        )
    kind = url.split(":")[1]
    if kind != "postgresql":
        return ProjectError(
            f"the jdbc connector speaks to Postgres only, not to `{kind}`",
            code="connector.bad-option",
            hint=shape,
        )
    return ProjectError(
        "option `url` is not written as a Postgres address", code="connector.bad-option", hint=shape
    )


def _parameters(query: str) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    current_schema, passed = None, []
    for key, value in parse_qsl(query, keep_blank_values=True):
        name = key.lower()
        if name == "currentschema":
            current_schema = value
        elif name in _PASSED:
            passed.append((_PASSED[name], value))
        elif name == "ssl":
            passed.append(("sslmode", "require" if value.lower() in ("true", "") else "prefer"))
        elif name in ("user", "password"):
            raise ProjectError(
                f"the `url` of a jdbc table may not hold the parameter `{name}`",
                code="connector.bad-option",
                hint="Use the options 'username' and 'password', which are kept out of messages.",
            )
        elif name not in _WITHOUT_EFFECT:
            known = ["currentSchema", "ssl", *_PASSED]
            raise ProjectError(
                f"the `url` has a parameter `{key}` that the jdbc connector does not know",
                code="connector.bad-option",
                hint=did_you_mean(key, known) or f"Known are {', '.join(known)}.",
            )
    return current_schema, tuple(passed)
