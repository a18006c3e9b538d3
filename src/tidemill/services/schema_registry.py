"""Apicurio Registry: schemas with versions and rules, by Confluent's API, on loopback.

Guarantees: subjects, versions and ids outlive restarts and `kill -9` (an H2 database in the
server's folder); an id never changes its meaning.
Every path asks for a user and a generated password (HTTP basic).
Non-guarantees: no compatibility rule until one is set.
"""

from __future__ import annotations

import http.client
import signal
from collections.abc import Mapping
from pathlib import Path

from tidemill.interfaces.service import Command, Endpoint
from tidemill.services.context import ServiceContext
from tidemill.services.credentials import USER, basic_authorization, generated_password
from tidemill.services.install import plugin_folder
from tidemill.services.jvm import jvm_command, write_properties
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.settings import refuse_reserved
from tidemill.services.state import write_private

HEAP_MB = 256
API = "/apis/ccompat/v7"
_RESERVED = (
    "quarkus.http", "quarkus.management", "quarkus.security", "quarkus.config",
    "apicurio.datasource", "apicurio.storage",
)  # fmt: skip


class Registry:
    """A single Apicurio Registry."""

    name = "registry"
    depends_on: tuple[str, ...] = ()
    installs = ("registry",)
    disk_min_bytes = 50 * 1024 * 1024
    death_signal = int(signal.SIGKILL)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._ports: dict[str, int] = {}
        self._password = ""

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Choose the ports; write the configuration, with the login, for the owner alone."""
        self._folder = data
        settings = self._context.settings
        refuse_reserved(self.name, settings, _RESERVED)
        names = ("http", "management")
        self._ports = choose_ports(self.name, names, data, settings.port, self._context.note)
        (data / "data").mkdir(exist_ok=True)
        self._password = generated_password(data)
        values = {**_defaults(data, self._ports), **_login(self._password), **settings.properties}
        write_private(data / "application.properties", write_properties(values))
        return Endpoint(
            HOST,
            self._ports,
            {"url": f"http://{HOST}:{self._ports['http']}{API}", "user": USER},
            {"password": self._password, "user-info": f"{USER}:{self._password}"},
        )

    def command(self) -> Command:
        """The server process."""
        jar = plugin_folder("registry") / "quarkus-run.jar"
        # Over the defaults inside the jar; not by the command line, which everybody may read.
        properties = {"quarkus.config.locations": str(self._folder / "application.properties")}
        return jvm_command(
            self._folder,
            self._context.settings.heap_mb or HEAP_MB,
            [jar],
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
            (),
            properties,
        )

    def ready(self) -> bool:
        """Whether subjects are served."""
        connection = http.client.HTTPConnection(HOST, self._ports["http"], timeout=3)
        try:
            login = basic_authorization(self._password)
            connection.request("GET", f"{API}/subjects", headers=login)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop_signal(self) -> int:
        """SIGTERM: the server closes its database."""
        return int(signal.SIGTERM)


def _login(password: str) -> dict[str, str]:
    """One user, and no path without it."""
    users = "quarkus.security.users.embedded"
    everything = "quarkus.http.auth.permission.tidemill"
    return {
        "quarkus.http.auth.basic": "true",
        f"{users}.plain-text": "true",
        f"{users}.users.{USER}": password,
        f"{users}.roles.{USER}": "sr-admin",
        f"{everything}.paths": "/*",
        f"{everything}.policy": "authenticated",
        f"{everything}.auth-mechanism": "basic",
    }


def _defaults(folder: Path, ports: Mapping[str, int]) -> dict[str, str]:
    # H2 writes each commit through; the file name takes no extension.
    database = folder / "data" / "registry"
    return {
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(ports["http"]),
        "quarkus.management.host": HOST,
        "quarkus.management.port": str(ports["management"]),
        "apicurio.storage.kind": "sql",
        "apicurio.storage.sql.kind": "h2",
        "apicurio.datasource.url": f"jdbc:h2:file:{database};WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE",
        "apicurio.datasource.username": "sa",
        "apicurio.datasource.password": "sa",
        # Confluent's ids and formats, so that clients of either registry work.
        "apicurio.ccompat.legacy-id-mode.enabled": "false",
        "apicurio.ccompat.use-canonical-hash": "true",
        "quarkus.http.access-log.enabled": "false",
        "quarkus.log.console.format": "%d{yyyy-MM-dd HH:mm:ss.SSS} %p %c{2.}: %s%e%n",
    }
