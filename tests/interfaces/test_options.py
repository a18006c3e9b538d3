"""Options parse as Flink's do, and what is wrong is said with the key and the way out."""

import pytest

from tidemill.errors import ProjectError
from tidemill.interfaces.options import (
    Option,
    OptionSet,
    OptionType,
    parse_duration_ms,
    parse_memory_bytes,
)

OPTIONS = OptionSet(
    "connector `demo`",
    (
        Option("topic", OptionType.STRING, "The topic.", required=True),
        Option("mode", OptionType.ENUM, "How.", default="fast", choices=("fast", "safe")),
        Option("interval", OptionType.DURATION, "How often.", default=1000),
        Option("password", OptionType.INT, "A secret number.", secret=True),
    ),
    prefixes=("properties.",),
)


def test_defaults_given_values_and_prefixes() -> None:
    values = OPTIONS.parse({"topic": "t", "mode": "SAFE", "properties.linger.ms": "5"})
    assert (values["topic"], values["mode"], values["interval"]) == ("t", "safe", 1000)
    assert values["password"] is None
    assert values.under("properties.") == {"linger.ms": "5"}
    assert values.given == {"topic", "mode", "properties.linger.ms"}


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"topc": "t"}, "project.unknown-option", "Did you mean `topic`?"),
        ({}, "project.missing-option", "'topic'"),
        ({"topic": "t", "mode": "fats"}, "project.bad-option-value", "Did you mean `fast`?"),
        ({"topic": "t", "interval": "5 parsecs"}, "project.bad-option-value", "5 parsecs"),
    ],
)
def test_refusals(given: dict[str, str], code: str, text: str) -> None:
    with pytest.raises(ProjectError) as caught:
        OPTIONS.parse(given)
    assert caught.value.code == code
    assert text in caught.value.render()


def test_a_secret_is_not_shown_in_an_error() -> None:
    with pytest.raises(ProjectError) as caught:
        OPTIONS.parse({"topic": "t", "password": "hunter2"})
    assert "hunter2" not in caught.value.render()


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("10", 10), ("10 ms", 10), ("5s", 5000), ("2 min", 120_000), ("1 hours", 3_600_000)],
)
def test_durations(text: str, milliseconds: int) -> None:
    assert parse_duration_ms(text) == milliseconds


@pytest.mark.parametrize(("text", "size"), [("1024", 1024), ("64 mb", 64 << 20), ("1g", 1 << 30)])
def test_memory_sizes(text: str, size: int) -> None:
    assert parse_memory_bytes(text) == size
