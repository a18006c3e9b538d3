"""How CSV fields become values: the rules of JSON's codecs, but for dates, times and nesting."""

from __future__ import annotations

import re
from typing import Any

from tidemill.errors import ProjectError
from tidemill.formats.common import temporal
from tidemill.formats.csv.options import CsvRules
from tidemill.formats.json import nodes
from tidemill.formats.json.codec import Codec, TemporalCodec
from tidemill.formats.json.nested import ArrayCodec, RowCodec, codec_for
from tidemill.formats.json.options import DecodeRules
from tidemill.model import DataType, TypeRoot

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)


def csv_codec(type_: DataType, rules: CsvRules) -> Codec:
    """The codec of a column; ProjectError for a type that CSV cannot carry."""
    decode = DecodeRules(ignore_errors=rules.ignore_errors, tree=True)
    root = type_.root
    if root is TypeRoot.DATE:
        return TemporalCodec(type_, decode, _date)
    if root is TypeRoot.TIME:
        unit = 10 ** (3 - min(type_.precision or 0, 3))
        return TemporalCodec(type_, decode, lambda text: _time(text) // unit * unit)
    if type_.is_timestamp:
        rule = temporal.TimestampRule(iso=False, utc=root is TypeRoot.TIMESTAMP_LTZ)
        arrow_unit = str(type_.arrow().unit)
        return TemporalCodec(
            type_,
            decode,
            lambda text: temporal.parse_timestamp(text.strip(), rule, arrow_unit),
        )
    if root is TypeRoot.ARRAY and type_.element is not None:
        return _SplitArray(type_, decode, csv_codec(type_.element, rules), rules)
    if root is TypeRoot.ROW:
        return _SplitRow(type_, decode, rules)
    if root in (TypeRoot.MAP, TypeRoot.MULTISET):
        raise ProjectError(
            f"format `csv` cannot carry a column of type {type_.sql()}",
            code="format.unsupported-type",
            hint="Use a format such as json, or convert the column to STRING in the query.",
        )
    return codec_for(type_, decode)


class _SplitArray(ArrayCodec):
    """ARRAY: elements between the array's delimiter; an empty field is an empty array."""

    def __init__(
        self, type_: DataType, decode: DecodeRules, element: Codec, rules: CsvRules
    ) -> None:
        super().__init__(type_, decode, element)
        self._csv = rules

    def convert(self, node: Any) -> list[Any]:
        """See the class."""
        if node == "":
            return []
        return [self.element.take(part) for part in _parts(node, self._csv)]


class _SplitRow(RowCodec):
    """ROW: its fields in their order, between the array's delimiter."""

    def __init__(self, type_: DataType, decode: DecodeRules, rules: CsvRules) -> None:
        super().__init__(type_, decode)
        self._csv = rules
        self.codecs = [csv_codec(field.type, rules) for field in type_.fields]

    def convert(self, node: Any) -> Any:
        """See the class."""
        parts = _parts(node, self._csv)
        if len(parts) < len(self.names) and not self.rules.ignore_errors:
            raise ValueError(f"{len(parts)} fields where {len(self.names)} are expected")
        return super().convert(nodes.Fields(zip(self.names, parts, strict=False)))


def _parts(text: str, rules: CsvRules) -> list[str | None]:
    return [None if part == rules.null else part for part in text.split(rules.element_delimiter)]


def _date(text: str) -> int:
    """As `java.sql.Date.valueOf`: February 30 is March 1."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("a date such as 2024-01-31")
    year, month, day = (int(part) for part in match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError("a month from 1 to 12 and a day from 1 to 31")
    return temporal.civil_days(year, month, 1) + day - 1


def _time(text: str) -> int:
    if text.startswith("24"):
        raise ValueError("a time of the day")
    return temporal.parse_time(text, iso=True)
