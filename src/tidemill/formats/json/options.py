"""Options of the JSON formats, under Flink 2.3's names."""

from __future__ import annotations

from tidemill.errors import ProjectError
from tidemill.interfaces.options import Option, OptionSet, OptionType, OptionValues
from tidemill.records import dataclass

IGNORE_PARSE_ERRORS = Option(
    "ignore-parse-errors",
    OptionType.BOOLEAN,
    "Set fields that cannot be read to NULL and skip messages that cannot be read, instead of "
    "putting them into the dead-letter table.",
    default=False,
)
TIMESTAMP_FORMAT = Option(
    "timestamp-format.standard",
    OptionType.ENUM,
    "How timestamps are written: SQL (2024-01-31 12:34:56.789) or ISO-8601 "
    "(2024-01-31T12:34:56.789); TIMESTAMP_LTZ with a closing Z.",
    default="SQL",
    choices=("SQL", "ISO-8601"),
)
ENCODING = (
    Option(
        "map-null-key.mode",
        OptionType.ENUM,
        "What becomes of a NULL key of a MAP: FAIL (the row goes to the dead-letter table), DROP "
        "(the entry is left out) or LITERAL (the key is `map-null-key.literal`).",
        default="FAIL",
        choices=("FAIL", "DROP", "LITERAL"),
    ),
    Option(
        "map-null-key.literal",
        OptionType.STRING,
        "The key written for a NULL key where `map-null-key.mode` is LITERAL.",
        default="null",
    ),
    Option(
        "encode.decimal-as-plain-number",
        OptionType.BOOLEAN,
        "Write decimals as plain numbers (0.000000027) rather than as 2.7E-8.",
        default=False,
    ),
    Option(
        "encode.ignore-null-fields",
        OptionType.BOOLEAN,
        "Leave fields that are NULL out of the text.",
        default=False,
    ),
)

OPTIONS = OptionSet(
    "format `json`",
    (
        Option(
            "fail-on-missing-field",
            OptionType.BOOLEAN,
            "Reject a message in which a column's field is absent.",
            default=False,
        ),
        IGNORE_PARSE_ERRORS,
        TIMESTAMP_FORMAT,
        *ENCODING,
        Option(
            "decode.json-parser.enabled",
            OptionType.BOOLEAN,
            "Chooses between two parsers of Flink; there is one here.",
            ignored=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class DecodeRules:
    """What decides how a field is read.

    `tree` stands for the rules of Flink's JsonNode parser, which debezium-json uses; else those of
    its streaming parser, which json uses. They differ in a few conversions to text and bytes.
    """

    ignore_errors: bool = False
    require_fields: bool = False
    iso: bool = False
    tree: bool = False
    decimals: bool = False
    """Whether any column is a DECIMAL: Flink then reads all fractions as BigDecimal."""


@dataclass(frozen=True, slots=True)
class EncodeRules:
    """What decides how a field is written."""

    iso: bool = False
    null_key_mode: str = "FAIL"
    null_key_literal: str = "null"
    plain_decimals: bool = False
    ignore_nulls: bool = False


def decode_rules(options: OptionValues, tree: bool, decimals: bool) -> DecodeRules:
    """The rules of reading that the options ask for."""
    require = bool(options["fail-on-missing-field"])
    ignore = bool(options["ignore-parse-errors"])
    if require and ignore:
        raise ProjectError(
            "`fail-on-missing-field` and `ignore-parse-errors` cannot both be true",
            code="format.bad-option",
            hint="Remove one of the two options.",
        )
    return DecodeRules(ignore, require, _iso(options), tree, decimals)


def encode_rules(options: OptionValues) -> EncodeRules:
    """The rules of writing that the options ask for."""
    return EncodeRules(
        iso=_iso(options),
        null_key_mode=options["map-null-key.mode"] or "FAIL",
        null_key_literal=options["map-null-key.literal"] or "null",
        plain_decimals=bool(options["encode.decimal-as-plain-number"]),
        ignore_nulls=bool(options["encode.ignore-null-fields"]),
    )


def _iso(options: OptionValues) -> bool:
    return bool(options["timestamp-format.standard"] == "ISO-8601")
