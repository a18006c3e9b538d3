"""The process that Spark runs in: its Python, its Java, its jars, its configuration.

Guarantees: no secret stands in a command line; configuration goes by a file that only the user can
read, values that a program refers to by environment variables.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from tidemill.records import dataclass
from tidemill.runners.spark import DRIVER
from tidemill.services.environments import require_environment
from tidemill.services.install import class_path
from tidemill.services.java import find_java
from tidemill.services.jvm import given_options
from tidemill.services.state import write_private

_HERE: Mapping[str, str] = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
"""Spark on this machine; `spark:` in tidemill.yaml and the options of the verb override it."""

_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %-5p %c{1} - %m%n
"""


_OPENS = (
    "java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio",
    "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref",
    "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SparkCommand:
    """A command line, its environment, and the folder that Spark keeps its own files in."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path


def spark_command(
    folder: Path,
    arguments: tuple[str, ...],
    *,
    properties: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    brief: bool = False,
) -> SparkCommand:
    """The command that runs the driver with these arguments; raises ServiceError.

    Args:
        folder: Spark's own files: configuration, scratch, warehouse.
        arguments: of the driver.
        properties: Spark's configuration, over the one for this machine.
        variables: environment variables that programs read.
        brief: for many small jobs: Java compiles less, so that it starts sooner.
    """
    python = require_environment("spark")
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "tmp"
    scratch.mkdir(exist_ok=True)
    jars = ",".join(str(path) for path in class_path("spark"))
    given = {
        **_HERE,
        "spark.jars": jars,
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        **(properties or {}),
    }
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    write_private(conf / "log4j2.properties", _LOGGING)
    lines = (f"{key} {_escaped(value)}\n" for key, value in given.items())
    write_private(conf / "spark-defaults.conf", "".join(lines))
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    env = {
        **kept,
        "JAVA_HOME": str(find_java().parents[1]),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(python),
        "PYSPARK_DRIVER_PYTHON": str(python),
        "TIDEMILL_SPARK_JAVA": json.dumps(
            _java(python, conf, scratch, given["spark.driver.memory"], brief)
        ),
        "TZ": "UTC",
        **(variables or {}),
    }
    return SparkCommand((str(python), str(DRIVER), *arguments), env, folder)


def _java(python: Path, conf: Path, scratch: Path, memory: str, brief: bool) -> list[str]:
    """The begin of the command of Spark's Java side: what its own scripts would come to."""
    home = next(python.parents[1].glob("lib/python*/site-packages/pyspark"))
    return [
        str(find_java()),
        f"-Xmx{memory}",
        *(("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC") if brief else ("-XX:+UseParallelGC",)),
        "-Xshare:auto",
        "-XX:-UsePerfData",
        *given_options(),
        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENS),
        "--enable-native-access=ALL-UNNAMED",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-Djdk.reflect.useDirectMethodHandle=false",
        f"-Djava.io.tmpdir={scratch}",
        f"-Dderby.system.home={scratch}",
        "-cp",
        f"{conf}:{home / 'jars'}/*",
    ]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
