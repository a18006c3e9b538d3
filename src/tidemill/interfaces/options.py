"""Options of connectors and formats: declared once, used for parsing, checks, docs, completion."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any

from tidemill.errors import ProjectError, did_you_mean
from tidemill.errors.where import TextWhere, Where
from tidemill.records import dataclass


class OptionType(Enum):
    """What the text of an option must be."""

    STRING = "string"
    INT = "int"
    LONG = "long"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DURATION = "duration"
    MEMORY = "memory"
    ENUM = "enum"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Option:
    """One option under Flink's name.

    `default` is the parsed value (None: no default). DURATION parses to milliseconds (int), MEMORY
    to bytes (int), LIST (separated by `;`) to a tuple of str, ENUM to one of `choices`. A `secret`
    value never reaches a log or an error. `ignored` marks an option that only tunes Flink.
    `columns_named` finds the columns that a text names, where it may name only the table's own.
    """

    key: str
    type: OptionType
    description: str
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    secret: bool = False
    ignored: bool = False
    columns_named: Callable[[str], Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class OptionSet:
    """All options that one connector or format takes.

    `prefixes` are key prefixes under which any key is taken as a string (such as `properties.`);
    the connector itself refuses the dangerous ones.
    """

    owner: str
    options: tuple[Option, ...]
    prefixes: tuple[str, ...] = ()

    def parse(
        self, given: Mapping[str, str], where: TextWhere | Where | None = None
    ) -> OptionValues:
        """Parse and validate; unknown keys, wrong values and missing ones raise ProjectError."""
        known = {option.key: option for option in self.options}
        values: dict[str, Any] = {o.key: o.default for o in self.options if o.default is not None}
        for key, text in given.items():
            option = known.get(key)
            if option is not None:
                values[key] = parse_value(option, text, where)
            elif key.startswith(self.prefixes) and self.prefixes:
                values[key] = text
            else:
                raise ProjectError(
                    f"{self.owner} has no option `{key}`",
                    code="project.unknown-option",
                    where=where,
                    hint=did_you_mean(key, known) or f"Known options: {', '.join(sorted(known))}.",
                )
        for option in self.options:
            if option.required and option.key not in values:
                raise ProjectError(
                    f"{self.owner} needs the option `{option.key}`",
                    code="project.missing-option",
                    where=where,
                    hint=f"Add '{option.key}' = '...' to the WITH clause. {option.description}",
                )
        return OptionValues(values, frozenset(given))


@dataclass(frozen=True, slots=True)
class OptionValues:
    """Parsed values by key; `given` names the keys that the user wrote."""

    values: Mapping[str, Any]
    given: frozenset[str] = field(default=frozenset())

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key)

    def under(self, prefix: str) -> dict[str, str]:
        """The keys that start with `prefix`, without it."""
        return {k[len(prefix) :]: str(v) for k, v in self.values.items() if k.startswith(prefix)}


ENGINE_SOURCE_OPTIONS: tuple[Option, ...] = (
    Option(
        "late-handling.mode",
        OptionType.ENUM,
        "What becomes of late rows (Tidemill only).",
        choices=("drop", "table", "fail"),
    ),
    Option(
        "error-handling.mode",
        OptionType.ENUM,
        "What becomes of rows that cannot be processed (Tidemill only).",
        choices=("dead-letter", "fail"),
    ),
    Option(
        "scan.watermark.idle-timeout",
        OptionType.DURATION,
        "After which time without rows a partition no longer holds the watermark back.",
    ),
    Option(
        "scan.watermark.emit.strategy",
        OptionType.ENUM,
        "Tunes only Flink; watermarks here advance with every batch.",
        choices=("on-periodic", "on-event"),
        ignored=True,
    ),
    *(
        Option(f"scan.watermark.alignment.{name}", OptionType.STRING, "Flink only.", ignored=True)
        for name in ("group", "max-drift", "update-interval")
    ),
)
"""The options of every source table that the engine, not the connector, acts on; a connector that
reads adds them to its own."""

_DURATION_MS = {"ms": 1, "milli": 1, "millisecond": 1, "s": 1000, "sec": 1000, "second": 1000,
                "m": 60_000, "min": 60_000, "minute": 60_000, "h": 3_600_000, "hour": 3_600_000,
                "d": 86_400_000, "day": 86_400_000}  # fmt: skip
_MEMORY_BYTES = {"": 1, "b": 1, "bytes": 1, "k": 1 << 10, "kb": 1 << 10, "kibibytes": 1 << 10,
                 "m": 1 << 20, "mb": 1 << 20, "mebibytes": 1 << 20, "g": 1 << 30, "gb": 1 << 30,
                 "gibibytes": 1 << 30, "t": 1 << 40, "tb": 1 << 40}  # fmt: skip


def parse_duration_ms(text: str) -> int:
    """Milliseconds of a Flink duration such as `10 s`, `5min`, `1 h` (no unit: ms)."""
    match = re.fullmatch(r"\s*(\d+)\s*([a-z]*)\s*", text.lower())
    unit = (match.group(2) or "ms") if match else ""
    factor = _DURATION_MS.get(unit) or _DURATION_MS.get(unit.removesuffix("s"))
    if match is None or factor is None:
        raise ValueError("a duration such as `10 s`, `5 min` or `1 h`")
    return int(match.group(1)) * factor


def parse_memory_bytes(text: str) -> int:
    """Bytes of a Flink memory size such as `64 mb` (no unit: bytes)."""
    match = re.fullmatch(r"\s*(\d+)\s*([a-z]*)\s*", text.lower())
    factor = _MEMORY_BYTES.get(match.group(2)) if match else None
    if match is None or factor is None:
        raise ValueError("a memory size such as `64 mb`")
    return int(match.group(1)) * factor


def parse_value(option: Option, text: str, where: TextWhere | Where | None = None) -> Any:
    """Parse one option's text; raises ProjectError that names the option and what it takes."""
    try:
        return _convert(option, text)
    except ValueError as error:
        shown = "the given value" if option.secret else f"`{text}`"
        hint = did_you_mean(text, option.choices) if option.choices else None
        raise ProjectError(
            f"option `{option.key}` takes {error}, not {shown}",
            code="project.bad-option-value",
            where=where,
            hint=hint,
        ) from None


def _convert(option: Option, text: str) -> Any:
    if option.type is OptionType.STRING:
        return text
    if option.type is OptionType.LIST:
        return tuple(part.strip() for part in text.split(";") if part.strip())
    if option.type is OptionType.BOOLEAN:
        if text.strip().lower() not in ("true", "false"):
            raise ValueError("`true` or `false`")
        return text.strip().lower() == "true"
    if option.type is OptionType.ENUM:
        return _choice(option.choices, text)
    if option.type is OptionType.DURATION:
        return parse_duration_ms(text)
    if option.type is OptionType.MEMORY:
        return parse_memory_bytes(text)
    return _number(option.type, text)


def _choice(choices: Sequence[str], text: str) -> str:
    for choice in choices:
        if choice.lower() == text.strip().lower():
            return choice
    raise ValueError("one of " + ", ".join(f"`{c}`" for c in choices))


def _number(type_: OptionType, text: str) -> int | float:
    try:
        return float(text) if type_ is OptionType.DOUBLE else int(text)
    except ValueError:
        raise ValueError("a number" if type_ is OptionType.DOUBLE else "a whole number") from None
