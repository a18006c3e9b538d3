"""Where Flink's files lie, and the command line of each of its processes.

Flink itself comes from its Python package (`packages`), the SQL Gateway and the connectors by
`servers.lock`; nothing is copied together, the class path names each jar where it lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tidemill.errors import ServiceError
from tidemill.interfaces.service import Command
from tidemill.records import dataclass
from tidemill.services.environments import environment_python
from tidemill.services.install import class_path
from tidemill.services.jvm import jvm_command
from tidemill.services.packages import require_package
from tidemill.services.state import write_private

Role = Literal["jobmanager", "taskmanager", "gateway", "client"]

_MAIN: Mapping[Role, str] = {
    "jobmanager": "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "taskmanager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    "gateway": "org.apache.flink.table.gateway.SqlGateway",
    "client": "org.apache.flink.client.cli.CliFrontend",
}
_PYTHON_SIDE = "org.apache.flink.client.python.PythonGatewayServer"
_OPENS = ("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util", "util.concurrent",
          "util.concurrent.atomic", "util.concurrent.locks")  # fmt: skip
_LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.main.ref = main
{appender}
appender.main.name = main
appender.main.layout.type = PatternLayout
appender.main.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss.SSS}} %-5p %c{{1}} - %m%n
logger.shaded.name = org.apache.flink.shaded
logger.shaded.level = ERROR
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
"""


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """Flink's jars."""

    root: Path
    connectors: tuple[Path, ...]
    gateway: tuple[Path, ...]

    def jars(self, role: Role) -> list[Path]:
        """The class path of a role."""
        opt = self.root / "opt"
        # Python functions: the gateway asks Python for their types, the workers call it.
        jars = [*sorted((self.root / "lib").glob("*.jar")), *self.connectors]
        jars += opt.glob("flink-python-*.jar")
        if role == "gateway":
            jars += [*self.gateway, *opt.glob("flink-sql-client-*.jar")]
        return jars


def flink_home() -> FlinkHome:
    """The installed Flink; raises ServiceError where it is not in the cache."""
    jars = class_path("flink")
    gateway = tuple(jar for jar in jars if jar.name.startswith("flink-sql-gateway"))
    connectors = tuple(jar for jar in jars if jar not in gateway)
    return FlinkHome(require_package("flink-libraries") / "pyflink", connectors, gateway)


def write_configuration(folder: Path, values: Mapping[str, str], log: Path | None = None) -> None:
    """Write `conf/` of a process, which logs to its output, or to a file."""
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    # JSON strings are YAML strings; Flink reads every value as text.
    text = "".join(f"{key}: {_quoted(value)}\n" for key, value in values.items())
    write_private(conf / "config.yaml", text)
    appender = "appender.main.type = Console"
    if log is not None:
        appender = f"appender.main.type = File\nappender.main.fileName = {log}"
    write_private(conf / "log4j.properties", _LOGGING.format(appender=appender))


def python_values() -> dict[str, str]:
    """Which Python runs the Python functions of jobs: that of the environment `flink`.

    It is named before it is made (`make_environment`); nothing where no Python fits.
    """
    try:
        python = str(environment_python("flink"))
    except ServiceError:
        return {}
    return {"python.executable": python, "python.client.executable": python}


def flink_command(
    role: Role,
    folder: Path,
    heap_mb: int,
    options: Sequence[str] = (),
    *,
    home: FlinkHome,
    target: str = "remote",
) -> Command:
    """The command of a process whose `conf/` was written to `folder`.

    `target` is where a client runs jobs: `remote` or `local`.
    """
    conf = folder / "conf"
    arguments = ["--configDir", str(conf)]
    if role == "client":
        arguments = ["run", "--target", target, "--class", _PYTHON_SIDE]
    command = jvm_command(
        folder,
        heap_mb,
        home.jars(role),
        _MAIN[role],
        arguments,
        {"log4j.configurationFile": str(conf / "log4j.properties")},
        [*_module_options(), *options],
    )
    environment = {
        "FLINK_CONF_DIR": str(conf),
        "FLINK_LIB_DIR": str(home.root / "lib"),
        "FLINK_OPT_DIR": str(home.root / "opt"),
        "FLINK_PLUGINS_DIR": str(home.root / "plugins"),
    }
    return replace(command, env={**command.env, **environment})


def _module_options() -> list[str]:
    """Java's module doors that Flink needs open."""
    return [
        *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENS),
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED",
    ]


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
