"""Declarations of connectors and formats for the SQL room's tests, and shorthands to compile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest

from tidemill.interfaces.connector import Connector
from tidemill.interfaces.format import FormatFactory
from tidemill.interfaces.options import Option, OptionSet, OptionType
from tidemill.model.types import INT, timestamp_ltz
from tidemill.project import ProjectFunctions
from tidemill.sql import check_script, compile_script
from tidemill.sql.logical import Script

TEXT = OptionType.STRING


def _never(*_: object) -> None:
    raise AssertionError("the SQL room opens nothing")


KAFKA = Connector(
    "kafka",
    OptionSet(
        "kafka",
        (
            Option("topic", TEXT, "The topic.", required=True),
            Option("format", TEXT, "The format."),
            Option("key.format", TEXT, "The keys' format."),
            Option("value.format", TEXT, "The values' format."),
            Option("key.fields", OptionType.LIST, "The key columns."),
            Option(
                "scan.startup.mode",
                OptionType.ENUM,
                "Where reading starts.",
                choices=("earliest-offset", "latest-offset", "timestamp"),
            ),
            Option("scan.startup.timestamp-millis", OptionType.LONG, "Where reading starts."),
            Option("scan.history.table", TEXT, "What is read first."),
        ),
        prefixes=("properties.",),
    ),
    metadata=MappingProxyType(
        {"partition": INT.with_nullable(False), "timestamp": timestamp_ltz(3, False)}
    ),
    source=_never,
    commit_group=_never,
)
JDBC = Connector(
    "jdbc",
    OptionSet(
        "jdbc",
        (
            Option("url", TEXT, "The address.", required=True),
            Option("table-name", TEXT, "The table.", required=True),
            Option("password", TEXT, "The password.", secret=True),
        ),
    ),
    source=_never,
    lookup=_never,
    commit_group=_never,
)
BLACKHOLE = Connector("blackhole", OptionSet("blackhole", ()), commit_group=_never)
DATAGEN = Connector("datagen", OptionSet("datagen", (), prefixes=("fields.",)), source=_never)
CONNECTORS = {c.name: c for c in (KAFKA, JDBC, BLACKHOLE, DATAGEN)}
FORMATS = {
    "json": FormatFactory(
        "json",
        OptionSet(
            "json",
            (Option("ignore-parse-errors", OptionType.BOOLEAN, "Skip bad rows."),),
        ),
        False,
    ),
    "debezium-json": FormatFactory(
        "debezium-json",
        OptionSet(
            "debezium-json",
            (Option("schema-include", OptionType.BOOLEAN, "Whether the schema is there."),),
        ),
        True,
        metadata={"source.timestamp": "TIMESTAMP_LTZ(3)", "source.table": "STRING"},
    ),
}
FUNCTIONS = ProjectFunctions(Path(__file__).parent / "project")
VARIABLES = {"server:kafka.bootstrap": "127.0.0.1:9092", "env:TOPIC": "trips"}


def compile_text(text: str, file: str = "pipeline.sql") -> Script:
    return compile_script(text, file, CONNECTORS, FORMATS, variables=VARIABLES, functions=FUNCTIONS)


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Script]:
    """Compile a text with the connectors and formats declared here."""
    return compile_text


@pytest.fixture(scope="session")
def check() -> Callable[[str], list]:
    """All errors of a text."""
    return lambda text: check_script(
        text, "pipeline.sql", CONNECTORS, FORMATS, variables=VARIABLES, functions=FUNCTIONS
    )


@pytest.fixture(scope="session")
def declared() -> tuple[dict[str, Connector], dict[str, FormatFactory]]:
    """The connectors and formats themselves."""
    return CONNECTORS, FORMATS
