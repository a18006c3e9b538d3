"""A Prometheus on loopback that scrapes the project's console and evaluates Tidemill's alert rules.

The program is the system's own: Debian's package `prometheus`, or any on the PATH. Guarantees: it
finds the console wherever it listens, also after that moved to another port; samples outlive
restarts; every path asks for a user and a generated password (HTTP basic). Non-guarantees: nobody
is told of an alert (name an Alertmanager for that), and without a console that runs there is
nothing to scrape.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Command, Endpoint
from tidemill.observe.alerts import Pace, Scrape, rules_text, scrape_text
from tidemill.services.context import ServiceContext
from tidemill.services.credentials import USER, basic_authorization, generated_password
from tidemill.services.jmx import TARGETS as JMX_TARGETS
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.settings import refuse_reserved
from tidemill.services.state import write_json, write_private

TARGETS = "prometheus-targets.json"
"""In the state folder: where the console is, as Prometheus's file discovery reads it."""
VIEWER_TOKEN = "console-viewer.token"  # noqa: S105 - the name of a file
RETENTION = "storage.tsdb.retention.time"
INTERVAL, LAG = "scrape_interval_s", "alert_lag_s"
_HASH_ROUNDS = 6
_FLAGS = (RETENTION, "storage.tsdb.retention.size")
_KNOWN = (*_FLAGS, INTERVAL, LAG)


class Prometheus:
    """One Prometheus over the server's own folder."""

    name = "prometheus"
    depends_on: tuple[str, ...] = ()
    installs: tuple[str, ...] = ()
    disk_min_bytes = 100 * 1024 * 1024
    death_signal = int(signal.SIGKILL)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._port = 0
        self._program = ""
        self._password = ""

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Write the configuration and the rules."""
        self._program = _program()
        self._folder = data
        settings = self._context.settings
        refuse_reserved(self.name, settings, ("web", "config.file", "storage.tsdb.path"))
        for key in settings.properties:
            if key not in _KNOWN:
                raise ServiceError(
                    f"`{key}` is not a property of prometheus",
                    code="service.bad-setting",
                    where=Where(server=self.name),
                    hint=f"Properties are: {', '.join(_KNOWN)}.",
                )
        ports = choose_ports(self.name, ("http",), data, settings.port, self._context.note)
        self._port = ports["http"]
        state = data.parent.parent
        targets = state / TARGETS
        if not targets.exists():
            write_json(targets, [])
        interval_s, lag_s = self._seconds(INTERVAL, 15), self._seconds(LAG, 60)
        scrape = Scrape(
            credentials_file=str(state / VIEWER_TOKEN),
            targets_file=str(targets),
            jmx_targets_files=str(state / JMX_TARGETS / "*.json"),
            rules_file=str(data / "tidemill.rules.yml"),
            interval_s=interval_s,
        )
        write_private(data / "tidemill.rules.yml", rules_text(Pace.of(interval_s, lag_s)))
        write_private(data / "prometheus.yml", scrape_text(scrape))
        self._password = generated_password(data)
        write_private(data / "web.yml", _web(self._password))
        url = f"http://{HOST}:{self._port}"
        return Endpoint(HOST, ports, {"url": url, "user": USER}, {"password": self._password})

    def _seconds(self, key: str, default: int) -> int:
        given = self._context.settings.properties.get(key, str(default))
        if not given.isdigit() or not 1 <= int(given) <= 3600:
            raise ServiceError(
                f"`{key}` of prometheus cannot be `{given}`",
                code="service.bad-setting",
                where=Where(server=self.name),
                hint="Give whole seconds, from 1 to 3600.",
            )
        return int(given)

    def command(self) -> Command:
        """The server process."""
        given = {RETENTION: "15d", **self._context.settings.properties}
        flags = [f"--{key}={value}" for key, value in given.items() if key in _FLAGS]
        argv = [
            self._program,
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'samples'}",
            f"--web.listen-address={HOST}:{self._port}",
            f"--web.config.file={self._folder / 'web.yml'}",
            *flags,
        ]
        return Command(argv, {"PATH": os.defpath, "HOME": str(self._folder)}, self._folder)

    def ready(self) -> bool:
        """Whether it answers queries."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=3)
        try:
            login = basic_authorization(self._password)
            connection.request("GET", "/-/ready", headers=login)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop_signal(self) -> int:
        """SIGTERM: what is in memory is written."""
        return int(signal.SIGTERM)


def _web(password: str) -> str:
    """Prometheus's configuration of its own HTTP: the one user, by the password's bcrypt hash."""
    import bcrypt  # noqa: PLC0415 - when this server starts

    # A generated password needs no slow hash, and each request pays for it once.
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=_HASH_ROUNDS)).decode()
    return f"basic_auth_users:\n  {USER}: '{hashed}'\n"


def _program() -> str:
    found = shutil.which("prometheus")
    if found is None:
        raise ServiceError(
            "there is no Prometheus on this machine",
            code="service.binary-missing",
            where=Where(server="prometheus"),
            hint="Install it with your package manager (Debian and Ubuntu: the package "
            "`prometheus`), so that `prometheus` is on the PATH.",
        )
    return found
