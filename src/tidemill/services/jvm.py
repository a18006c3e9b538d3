"""How a server on the JVM is started."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tidemill.interfaces.service import Command
from tidemill.services.java import find_java

OPTIONS_VARIABLE = "TIDEMILL_JVM_OPTIONS"
LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %-5p %c{1} - %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def given_options() -> list[str]:
    """More options for each JVM from the environment, with blanks between; they come after ours."""
    return os.environ.get(OPTIONS_VARIABLE, "").split()


def base_environment(folder: Path) -> dict[str, str]:
    """The environment of a server: small, and the same on every machine."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"}


def jvm_command(
    folder: Path,
    heap_mb: int,
    class_path: Sequence[Path],
    main_class: str,
    arguments: Sequence[str],
    properties: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> Command:
    """The command for a main class.

    Args:
        folder: the server's folder; its `tmp` takes native libraries and the like.
        heap_mb: the heap's limit.
        class_path: the jars.
        main_class: with its package.
        arguments: of the main class.
        properties: system properties.
        options: more options of the JVM.
    """
    scratch = folder / "tmp"
    scratch.mkdir(exist_ok=True)
    system = {"java.io.tmpdir": str(scratch), "java.awt.headless": "true", **(properties or {})}
    argv = [
        str(find_java()),
        f"-Xmx{heap_mb}m",
        "-Xms64m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-XX:+ExitOnOutOfMemoryError",
        "-Xshare:auto",
        *options,
        *given_options(),
        *(f"-D{key}={value}" for key, value in system.items()),
        "-cp",
        ":".join(str(path) for path in class_path),
        main_class,
        *arguments,
    ]
    return Command(argv, base_environment(folder), folder)


def write_properties(values: Mapping[str, str]) -> str:
    """The text of a Java properties file."""
    return "".join(f"{key}={_escape(value)}\n" for key, value in values.items())


def _escape(value: str) -> str:
    text = value.replace("\\", "\\\\")
    text = "".join(c if 32 <= ord(c) < 127 else f"\\u{ord(c):04x}" for c in text)
    return "\\" + text if text.startswith(" ") else text
