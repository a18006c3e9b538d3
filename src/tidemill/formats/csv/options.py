"""Options of `csv`, under Flink 2.3's names."""

from __future__ import annotations

import re

from tidemill.errors import ProjectError
from tidemill.interfaces.options import Option, OptionSet, OptionType, OptionValues
from tidemill.records import dataclass

_STRING, _BOOLEAN = OptionType.STRING, OptionType.BOOLEAN

OPTIONS = OptionSet(
    "format `csv`",
    (
        Option("field-delimiter", _STRING, "The character between fields.", default=","),
        Option(
            "disable-quote-character",
            _BOOLEAN,
            "Take quotes as ordinary characters.",
            default=False,
        ),
        Option("quote-character", _STRING, 'The character around fields; the default is `"`.'),
        Option("allow-comments", _BOOLEAN, "Lines that begin with # are none.", default=False),
        Option(
            "ignore-parse-errors",
            _BOOLEAN,
            "Set fields that cannot be read to NULL and skip lines that cannot be read, instead of "
            "putting them into the dead-letter table.",
            default=False,
        ),
        Option(
            "array-element-delimiter",
            _STRING,
            "The character between the elements of an ARRAY or ROW.",
            default=";",
        ),
        Option("escape-character", _STRING, "The character that takes the next one literally."),
        Option("null-literal", _STRING, "The text that stands for NULL."),
        Option(
            "write-bigdecimal-in-scientific-notation",
            _BOOLEAN,
            "Write very small decimals as 1E-7.",
            default=True,
        ),
        Option("trim-spaces", _BOOLEAN, "Drop blanks around fields.", default=False),
        Option(
            "ignore-trailing-unmappable",
            _BOOLEAN,
            "Drop fields beyond the last column.",
            default=False,
        ),
        Option(
            "allow-trailing-comma", _BOOLEAN, "Take a delimiter after the last field.", default=True
        ),
        Option(
            "fail-on-missing-columns",
            _BOOLEAN,
            "Reject lines with too few fields, also with `ignore-parse-errors`.",
            default=False,
        ),
        Option("empty-string-as-null", _BOOLEAN, "Take empty fields as NULL.", default=False),
    ),
)


@dataclass(frozen=True, slots=True)
class CsvRules:
    """What the options come to; characters that are switched off are None."""

    delimiter: str
    quote: str | None
    escape: str | None
    element_delimiter: str
    comments: bool
    ignore_errors: bool
    null: str | None
    scientific: bool
    trim: bool
    drop_extra: bool
    trailing_delimiter: bool
    require_columns: bool
    empty_is_null: bool


def csv_rules(options: OptionValues) -> CsvRules:
    """The options, checked."""
    if options["quote-character"] and options["disable-quote-character"]:
        raise ProjectError(
            "`quote-character` and `disable-quote-character` cannot both be set",
            code="format.bad-option",
            hint="Remove one of the two options.",
        )
    quote = _character(options, "quote-character") or '"'
    return CsvRules(
        delimiter=_character(options, "field-delimiter") or ",",
        quote=None if options["disable-quote-character"] else quote,
        escape=_character(options, "escape-character"),
        element_delimiter=_character(options, "array-element-delimiter") or ";",
        comments=bool(options["allow-comments"]),
        ignore_errors=bool(options["ignore-parse-errors"]),
        null=options["null-literal"],
        scientific=bool(options["write-bigdecimal-in-scientific-notation"]),
        trim=bool(options["trim-spaces"]),
        drop_extra=bool(options["ignore-trailing-unmappable"]),
        trailing_delimiter=bool(options["allow-trailing-comma"]),
        require_columns=bool(options["fail-on-missing-columns"]),
        empty_is_null=bool(options["empty-string-as-null"]),
    )


_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


def _character(options: OptionValues, key: str) -> str | None:
    text = options[key]
    if text is None:
        return None
    if key == "field-delimiter":
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
        text = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), text)
    if len(text) != 1:
        raise ProjectError(
            f"option `{key}` takes a single character, not `{text}`",
            code="format.bad-option",
            hint=r"A tab is written as \t.",
        )
    return str(text)
