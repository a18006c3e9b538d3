"""Airflow 3 on loopback, in its own environment: API server, scheduler, DAG processor, triggerer.

Four servers that start together under the name `airflow`. DAGs are the files of the project's
folder `dags`; `tidemill.integrations.airflow` can be imported there, and calls this Tidemill on
this project. Guarantees: the password of `admin` and all keys are made at the first start; nothing
listens beyond loopback; runs and their history (SQLite) outlive restarts.
Non-guarantees: one machine (LocalExecutor); Airflow's own simple users, so not for the open net.
"""

from __future__ import annotations

import http.client
import json
import secrets
import shlex
import shutil
import signal
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from tidemill.errors import ServiceError, Where
from tidemill.interfaces.service import Command, Endpoint
from tidemill.services.context import ServiceContext
from tidemill.services.environments import require_environment
from tidemill.services.kafka_login import client_login
from tidemill.services.ports import HOST, choose_ports
from tidemill.services.settings import refuse_reserved
from tidemill.services.spawn import run_helper
from tidemill.services.state import read_json, write_json, write_private

USER = "admin"
_API = "airflow-api"
_MIGRATE_S = 300.0
_RESERVED = ("core.executor", "core.fernet_key", "core.simple_auth", "api", "database", "api_auth")


class _AirflowProcess:
    """What the four have in common."""

    name = ""
    depends_on: tuple[str, ...] = (_API,)
    installs: tuple[str, ...] = ()
    environment = "airflow"
    start_timeout_min_s = 240.0
    disk_min_bytes = 50 * 1024 * 1024
    death_signal = int(signal.SIGTERM)
    part = ""
    """Its name among the health of Airflow."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._home = Path()
        self._port = 0

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """All four work in the home that the API server has made."""
        self._home = data.parent / _API
        self._port = endpoints[_API].ports["http"]
        return Endpoint(HOST, {}, {})

    def command(self) -> Command:
        """The process, with the environment that the API server has written."""
        return _command(self._home, *self._arguments())

    def ready(self) -> bool:
        """Whether it sends its heartbeats."""
        health = _health(self._port)
        return bool(health.get(self.part, {}).get("status") == "healthy")

    def stop_signal(self) -> int:
        """SIGTERM: tasks that run are told to end."""
        return int(signal.SIGTERM)

    def _arguments(self) -> tuple[str, ...]:
        raise AssertionError("each process has its own")


class AirflowApi(_AirflowProcess):
    """The API server with the web pages; prepares the home and the database for all."""

    name = _API
    depends_on: tuple[str, ...] = ()
    part = "metadatabase"

    def prepare(self, data: Path, endpoints: Mapping[str, Endpoint]) -> Endpoint:
        """Make keys, configuration and database."""
        self._home = data
        settings = self._context.settings
        refuse_reserved("airflow", settings, _RESERVED)
        ports = choose_ports(self.name, ("http",), data, settings.port, self._context.note)
        self._port = ports["http"]
        keys = _keys(data)
        project = data.parents[2]
        dags = project / "dags"
        dags.mkdir(exist_ok=True)
        copy_integration(data / "lib")
        write_private(data / "passwords.json", json.dumps({USER: keys["password"]}) + "\n")
        values = _settings(data, self._port, dags, keys) | _connections(endpoints)
        values |= {
            f"AIRFLOW__{section.upper()}__{key.upper()}": value
            for name, value in settings.properties.items()
            for section, _, key in [name.partition(".")]
        }
        values["TIDEMILL_COMMAND"] = shlex.join([sys.executable, "-m", "tidemill.cli"])
        values["TIDEMILL_PROJECT"] = str(project)
        write_private(data / "environment.json", json.dumps(values))
        self._migrate()
        properties = {"url": f"http://{HOST}:{self._port}", "user": USER, "dags": str(dags)}
        return Endpoint(HOST, ports, properties, {"password": keys["password"]})

    def _migrate(self) -> None:
        code, output = run_helper(self.name, _command(self._home, "db", "migrate"), _MIGRATE_S)
        if code != 0:
            raise ServiceError(
                "the database of airflow could not be made ready",
                code="service.format-failed",
                where=Where(server=self.name),
                detail="\n".join(output.strip().splitlines()[-6:]),
                hint="Look at what it says; the next start tries again.",
            )

    def _arguments(self) -> tuple[str, ...]:
        return ("api-server", "--host", HOST, "--port", str(self._port), "--workers", "1")


class AirflowScheduler(_AirflowProcess):
    """The scheduler, which runs tasks as its children."""

    name = "airflow-scheduler"
    part = "scheduler"

    def _arguments(self) -> tuple[str, ...]:
        return ("scheduler", "--skip-serve-logs")


class AirflowDagProcessor(_AirflowProcess):
    """Reads the files of the folder `dags`."""

    name = "airflow-dag-processor"
    part = "dag_processor"

    def _arguments(self) -> tuple[str, ...]:
        return ("dag-processor",)


class AirflowTriggerer(_AirflowProcess):
    """Waits for what deferred tasks and watched assets wait for."""

    name = "airflow-triggerer"
    part = "triggerer"

    def _arguments(self) -> tuple[str, ...]:
        return ("triggerer", "--skip-serve-logs")


def _command(home: Path, *arguments: str) -> Command:
    python = require_environment("airflow")
    kept = json.loads((home / "environment.json").read_text(encoding="utf-8"))
    environment = {
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(home / "lib"),
        **kept,
    }
    return Command([str(python), "-m", "airflow", *arguments], environment, home)


def _settings(home: Path, port: int, dags: Path, keys: Mapping[str, str]) -> dict[str, str]:
    url = f"http://{HOST}:{port}"
    given = {
        "core": {
            "dags_folder": str(dags),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "fernet_key": keys["fernet"],
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(home / "passwords.json"),
            "execution_api_server_url": f"{url}/execution/",
        },
        "api": {"base_url": url, "host": HOST, "port": str(port), "secret_key": keys["api"]},
        "api_auth": {"jwt_secret": keys["jwt"]},
        "database": {"sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}"},
        "dag_processor": {"refresh_interval": "5", "min_file_process_interval": "5"},
        "logging": {"base_log_folder": str(home / "logs")},
        "usage_data_collection": {"enabled": "False"},
    }
    values = {"AIRFLOW_HOME": str(home), "AIRFLOW_CONFIG": str(home / "airflow.cfg")}
    for section, options in given.items():
        for key, value in options.items():
            values[f"AIRFLOW__{section.upper()}__{key.upper()}"] = value
    return values


def _connections(endpoints: Mapping[str, Endpoint]) -> dict[str, str]:
    """Airflow's connection to the project's Kafka, where that runs."""
    if "kafka" not in endpoints:
        return {}
    password = endpoints["kafka"].secrets.get("password")
    extra = {
        "bootstrap.servers": endpoints["kafka"].properties["bootstrap.servers"],
        **(client_login(password) if password else {}),
        "group.id": "airflow",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
    connection = json.dumps({"conn_type": "kafka", "extra": extra})
    return {"AIRFLOW_CONN_TIDEMILL_KAFKA": connection}


def copy_integration(folder: Path) -> None:
    """The package `tidemill.integrations.airflow`, alone: the rest needs another environment."""
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "tidemill" / "integrations" / "airflow"
    target.mkdir(parents=True)
    for package in (target.parents[1], target.parent):
        (package / "__init__.py").write_text("", encoding="utf-8")
    for entry in (resources.files("tidemill") / "integrations" / "airflow").iterdir():
        if entry.name.endswith(".py"):
            (target / entry.name).write_text(entry.read_text(encoding="utf-8"), encoding="utf-8")


def _keys(home: Path) -> Mapping[str, str]:
    """The secrets, made once."""
    path = home / "keys.json"
    kept = read_json(path)
    if isinstance(kept, dict) and {"password", "fernet", "jwt", "api"} <= kept.keys():
        return kept
    made = {
        "password": secrets.token_urlsafe(18),
        "fernet": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt": secrets.token_urlsafe(32),
        "api": secrets.token_urlsafe(32),
    }
    write_json(path, made)
    return made


def _health(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/api/v2/monitor/health")
        found = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return found if isinstance(found, dict) else {}
