"""Functions of Flink's that are refused by name: why, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a function is refused (it completes "NAME ..."), and what would do."""

    reason: str
    hint: str


_BITMAP = Refusal("is about the type BITMAP, which is not supported yet", "Use ARRAY<INT>.")
_VARIANT = Refusal(
    "gives a VARIANT, a type that is not supported yet", "Use JSON_VALUE or JSON_QUERY."
)
_STRUCTURED = Refusal("is about structured types, which are not supported yet", "Use ROW(...).")
_OVER = Refusal("is not supported yet outside of OVER", "Write it with OVER (ORDER BY ...).")
_RANKS = Refusal("is not supported yet", "Use ROW_NUMBER() OVER (...) <= n, or RANK.")

_OF_BITMAPS = """
    AND ANDNOT AND_AGG AND_CARDINALITY_AGG BUILD BUILD_AGG BUILD_CARDINALITY_AGG CARDINALITY
    FROM_BYTES OR OR_AGG OR_CARDINALITY_AGG TO_ARRAY TO_BYTES TO_STRING XOR XOR_AGG
    XOR_CARDINALITY_AGG
"""

REFUSED: Mapping[str, Refusal] = {
    **{f"BITMAP_{name}": _BITMAP for name in _OF_BITMAPS.split()},
    "PARSE_JSON": _VARIANT,
    "TRY_PARSE_JSON": _VARIANT,
    "OBJECT_OF": _STRUCTURED,
    "OBJECT_UPDATE": _STRUCTURED,
    "CUME_DIST": _RANKS,
    "PERCENT_RANK": _RANKS,
    "NTILE": _RANKS,
    "LAG": _OVER,
    "LEAD": _OVER,
    "DENSE_RANK": _OVER,
    "RANK": _OVER,
    "ROW_NUMBER": _OVER,
    "APPROX_COUNT_DISTINCT": Refusal(
        "is an estimate of Flink's own, in batch mode only", "Use COUNT(DISTINCT value)."
    ),
    "SINGLE_VALUE": Refusal("is not supported", "Use MAX(value)."),
    "SOURCE_WATERMARK": Refusal(
        "asks the source for watermarks, which none of Flink's or Tidemill's connectors gives",
        "Write WATERMARK FOR ts AS ts - INTERVAL '5' SECOND.",
    ),
    "STREAMRECORD_TIMESTAMP": Refusal(
        "is a time of Flink's runtime", "Use the metadata column `timestamp` of the source."
    ),
    "HASH_CODE": Refusal("is internal to Flink", "Use MD5 or SHA256."),
    "JSON": Refusal(
        "stands in JSON_OBJECT and JSON_ARRAY only, as in Flink",
        "Write JSON_OBJECT('name' VALUE JSON(text)).",
    ),
    "GROUP_ID": Refusal("is not supported yet", "Use GROUPING(column)."),
    "LENGTH": Refusal("is no function of Flink SQL", "Use CHAR_LENGTH."),
}
