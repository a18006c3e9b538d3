"""PostgreSQL with logical decoding switched on, on loopback TCP, with a generated password.

Guarantees: `wal_level=logical`; SCRAM passwords for every connection; no Unix socket; the data
outlives restarts and `kill -9` (commits are synchronous). When Tidemill runs as root, Postgres runs
as a user without rights, wherever the project lies: it enters its data folder before it drops the
rights, and knows the folder as its working folder (`/proc/self/cwd`), so no folder above needs to
be open to that user.
Non-guarantees: no replication, no TLS (loopback only).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Command, Endpoint
from tidemill.services.context import ServiceContext
from tidemill.services.jvm import base_environment, write_properties
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.postgres_binaries import postgres_installation
from tidemill.services.settings import refuse_reserved
from tidemill.services.spawn import run_helper
from tidemill.services.state import read_json, write_json, write_private
from tidemill.services.users import User, is_root, unprivileged_user

USER = "tidemill"
DATABASE = "tidemill"
_WORKING_FOLDER = "/proc/self/cwd"
_RESERVED = (
    "listen_addresses",
    "port",
    "unix_socket_directories",
    "data_directory",
    "hba_file",
)


class Postgres:
    """A single Postgres server."""

    name = "postgres"
    depends_on: tuple[str, ...] = ()
    installs: tuple[str, ...] = ()
    disk_min_bytes = 150 * 1024 * 1024
    # Immediate shutdown: the server tells its children, and recovers at the next start.
    death_signal = int(signal.SIGQUIT)

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._folder = Path()
        self._port = 0
        self._password = ""
        self._user: User | None = None
        self._installation = Path()

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Make the cluster before the first start; choose the port."""
        self._folder = data
        self._user = unprivileged_user(self.name) if is_root() else None
        self._installation = postgres_installation(self._user)
        settings = self._context.settings
        refuse_reserved(self.name, settings, _RESERVED)
        ports = choose_ports(self.name, ("sql",), data, settings.port, self._context.note)
        self._port = ports["sql"]
        exists = self._cluster.exists()
        self._password = _password(data, may_make=not exists)
        if not exists:
            self._make_cluster()
        self._own(self._cluster)
        return Endpoint(
            HOST,
            ports,
            {"user": USER, "database": DATABASE},
            {"password": self._password},
        )

    def command(self) -> Command:
        """The server process."""
        values = {**_defaults(self._port), **self._context.settings.properties}
        options = [part for key, value in values.items() for part in ("-c", f"{key}={value}")]
        place = _WORKING_FOLDER if self._user else str(self._cluster)
        return self._program("postgres", "-D", place, *options, folder=self._cluster)

    def ready(self) -> bool:
        """Whether statements are served; makes the database on the first start."""
        import psycopg  # noqa: PLC0415 - only the prober
        from psycopg import sql  # noqa: PLC0415

        try:
            with psycopg.connect(
                host=HOST,
                port=self._port,
                user=USER,
                password=self._password,
                dbname="postgres",
                connect_timeout=3,
                autocommit=True,
            ) as connection:
                known = connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
                ).fetchone()
                if known is None:
                    name = sql.Identifier(DATABASE)
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        except psycopg.Error:
            return False
        return True

    def stop_signal(self) -> int:
        """SIGINT: fast shutdown; SIGTERM would wait for every client to leave."""
        return int(signal.SIGINT)

    @property
    def _cluster(self) -> Path:
        return self._folder / "data"

    def _program(self, program: str, *arguments: str, folder: Path) -> Command:
        return Command(
            [str(self._installation / "bin" / program), *arguments],
            base_environment(folder),
            folder,
            self._user.name if self._user else None,
        )

    def _make_cluster(self) -> None:
        """Run initdb beside the final place, then rename: half a cluster is never started."""
        fresh = self._folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._own(fresh)
        with _password_file(self._password, self._user) as password_file:
            code, output = run_helper(
                self.name,
                self._program(
                    "initdb",
                    f"--pgdata={_WORKING_FOLDER if self._user else fresh}",
                    f"--username={USER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--no-instructions",
                    folder=fresh,
                ),
            )
        if code == 0:
            fresh.rename(self._cluster)
            return
        shutil.rmtree(fresh, ignore_errors=True)
        full = "No space left" in output or "File too large" in output
        raise ServiceError(
            "the data folder of postgres could not be made",
            code="service.disk-full" if full else "service.format-failed",
            where=Where(server=self.name, file=str(self._cluster)),
            detail="\n".join(output.strip().splitlines()[-8:]),
            hint="Free some room on the disk." if full else "See the detail; then start again.",
        )

    def _own(self, folder: Path) -> None:
        """Give a data folder to the user who runs the server, and to nobody else."""
        wanted = (self._user.uid, self._user.gid) if self._user else (os.geteuid(), os.getegid())
        if folder.stat().st_uid != wanted[0]:
            if not is_root():
                raise ServiceError(
                    "the data folder of postgres belongs to another user",
                    code="service.data-unusable",
                    where=Where(server=self.name, file=str(folder)),
                    hint="It was made by root: run as root, or remove the data by `tidemill down "
                    "--purge` as root.",
                )
            for path in [folder, *folder.rglob("*")]:
                os.lchown(path, *wanted)
        folder.chmod(0o700)


def _defaults(port: int) -> dict[str, str]:
    return {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "wal_level": "logical",
        "max_replication_slots": "20",
        "max_wal_senders": "20",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "max_wal_size": "1GB",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "dynamic_shared_memory_type": "mmap",
    }


def _password(folder: Path, *, may_make: bool) -> str:
    """The password: generated once, kept where only the owner can read it."""
    kept = read_json(folder / "credentials.json")
    if isinstance(kept, dict) and isinstance(kept.get("password"), str):
        password = str(kept["password"])
    elif not may_make:
        raise ServiceError(
            "the password of the existing postgres data is lost",
            code="service.data-unusable",
            where=Where(server="postgres", file=str(folder / "credentials.json")),
            hint="Restore that file, or remove the data by `tidemill down --purge`.",
        )
    else:
        password = secrets.token_urlsafe(24)
        write_json(folder / "credentials.json", {"user": USER, "password": password})
    # For Kafka Connect's file provider, so that no connector's configuration holds the password.
    write_private(
        folder / "secrets.properties", write_properties({"user": USER, "password": password})
    )
    return password


@contextlib.contextmanager
def _password_file(password: str, user: User | None) -> Iterator[str]:
    """A file for initdb with the password, readable by the one user who runs initdb."""
    descriptor, name = tempfile.mkstemp(prefix="tidemill-")
    try:
        if user is not None:
            os.fchown(descriptor, user.uid, user.gid)
        with os.fdopen(descriptor, "w") as file:
            file.write(password + "\n")
        yield name
    finally:
        Path(name).unlink(missing_ok=True)
