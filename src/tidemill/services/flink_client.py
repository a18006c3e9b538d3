"""The Java side of a Flink program in Python: the client that submits its jobs, or runs them.

PyFlink talks to a Java process. Here it is started with the Java, the jars and the settings of
Tidemill's servers: connectors are on its class path, so no program has to fetch one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tidemill.interfaces.service import Command
from tidemill.services.flink import COMMON_VALUES
from tidemill.services.flink_home import (
    FlinkHome,
    flink_command,
    flink_home,
    python_values,
    write_configuration,
)

Target = Literal["remote", "local"]
HEAP_MB: Mapping[Target, int] = {"remote": 384, "local": 1024}
_LOCAL_SLOTS = 8


def client_command(folder: Path, values: Mapping[str, str], target: Target) -> Command:
    """The client's command; its settings and its log are in `folder`.

    Args:
        folder: of this program; made where it is missing.
        values: more settings, over Tidemill's own.
        target: `remote` submits to the cluster of `rest.address` and `rest.port`; `local` runs a
            cluster inside the client, which ends with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    local = {"taskmanager.numberOfTaskSlots": str(_LOCAL_SLOTS)} if target == "local" else {}
    settings = {**COMMON_VALUES, **python_values(), **local, **values}
    write_configuration(folder, settings, log=folder / "client.log")
    return flink_command("client", folder, HEAP_MB[target], home=flink_home(), target=target)


def client_jars() -> tuple[Path, ...]:
    """The jars of the connectors, and of Flink's Python side, for clusters that lack them."""
    home = flink_home()
    return (*home.connectors, *_python_jars(home))


def provided_jars() -> tuple[str, ...]:
    """Names without versions of the jars that a program need not bring, as courses name them."""
    home = flink_home()
    names = {_stem(jar) for jar in (*home.jars("client"), *_python_jars(home))}
    return tuple(sorted(names | _INSIDE_OTHERS))


_INSIDE_OTHERS = frozenset(
    (
        "flink-connector-kafka",
        "flink-connector-base",
        "flink-connector-jdbc",
        "flink-sql-json",
        "flink-sql-csv",
        "kafka-clients",
    )
)
"""Jars whose content is inside one that we have."""


def _stem(jar: Path) -> str:
    parts = jar.name.removesuffix(".jar").split("-")
    version = next((i for i, part in enumerate(parts) if part[:1].isdigit()), len(parts))
    return "-".join(parts[:version])


def _python_jars(home: FlinkHome) -> tuple[Path, ...]:
    return tuple((home.root / "opt").glob("flink-python-*.jar"))
