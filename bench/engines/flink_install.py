"""Installs Flink 2.3: its jars from PyPI, gateway and connectors by `servers.lock`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tidemill.services.cache import cache_folder
from tidemill.services.install import class_path, install
from tidemill.services.java import find_java

LOCK = Path(__file__).parent / "flink.lock"
_OPENS = ("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util", "util.concurrent",
          "util.concurrent.atomic", "util.concurrent.locks")  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """Where Flink's jars lie and how its processes are started."""

    root: Path
    java: str
    connectors: tuple[Path, ...]
    gateway: tuple[Path, ...]

    @property
    def jars(self) -> list[Path]:
        """Class path of JobManager and TaskManager."""
        return [*sorted((self.root / "lib").glob("*.jar")), *self.connectors]

    @property
    def gateway_jars(self) -> list[Path]:
        """What the SQL Gateway needs beside that."""
        return [*self.gateway, *(self.root / "opt").glob("flink-sql-client-*.jar")]

    @property
    def module_options(self) -> list[str]:
        """Java's module doors that Flink needs open."""
        return [
            *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in _OPENS),
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED",
        ]

    def environment(self, conf: Path) -> dict[str, str]:
        """The environment of Flink's processes."""
        return {
            **os.environ,
            "FLINK_CONF_DIR": str(conf),
            "FLINK_LIB_DIR": str(self.root / "lib"),
            "FLINK_OPT_DIR": str(self.root / "opt"),
            "FLINK_PLUGINS_DIR": str(self.root / "plugins"),
        }

    def taskmanager_memory(self, conf: Path) -> tuple[list[str], list[str]]:
        """JVM and dynamic options, as Flink's own start script asks Flink for them."""
        done = subprocess.run(
            [
                self.java,
                "-cp",
                ":".join(map(str, [self.root / "bin" / "bash-java-utils.jar", *self.jars])),
                "org.apache.flink.runtime.util.bash.BashJavaUtils",
                "GET_TM_RESOURCE_PARAMS",
                "--configDir",
                str(conf),
            ],
            env=self.environment(conf),
            capture_output=True,
            text=True,
            check=True,
        )
        mark = "BASH_JAVA_UTILS_EXEC_RESULT:"
        jvm, dynamic = (
            line.removeprefix(mark).split()
            for line in done.stdout.splitlines()
            if line.startswith(mark)
        )
        return jvm, dynamic


def install_flink() -> FlinkHome:
    """Install once, checked by hash; return the home."""
    target = cache_folder() / "peers" / "flink-2.3.0"
    if not (target / "complete").exists():
        subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
                "--upgrade", "--target", str(target), "-r", str(LOCK),
            ],
            check=True,
        )  # fmt: skip
        (target / "complete").touch()
    install(["flink"])
    jars = class_path("flink")
    gateway = tuple(jar for jar in jars if jar.name.startswith("flink-sql-gateway"))
    connectors = tuple(jar for jar in jars if jar not in gateway)
    return FlinkHome(target / "pyflink", str(find_java()), connectors, gateway)
