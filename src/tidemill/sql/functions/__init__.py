"""Every scalar and aggregate function of Flink SQL that Tidemill runs, with its types.

`SCALARS` and `AGGREGATES` map canonical Flink names (upper case) to declarations; a name that is
in neither does not exist. `ALIASES` maps other spellings to canonical names.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.sql.functions import (
    collections,
    conditional,
    encodings,
    hashes,
    json,
    math,
    operators,
    regex,
    strings,
    temporal,
    urls,
)
from tidemill.sql.functions.aggregates import AGGREGATES
from tidemill.sql.functions.registry import (
    AggregateFunction,
    AggregateTable,
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)

_GROUPS: tuple[FunctionTable, ...] = (
    operators.FUNCTIONS,
    conditional.FUNCTIONS,
    math.FUNCTIONS,
    strings.FUNCTIONS,
    encodings.FUNCTIONS,
    urls.FUNCTIONS,
    temporal.FUNCTIONS,
    collections.FUNCTIONS,
    json.FUNCTIONS,
    hashes.FUNCTIONS,
    regex.FUNCTIONS,
)

SCALARS: FunctionTable = {name: function for group in _GROUPS for name, function in group.items()}

ALIASES: Mapping[str, str] = {
    "CEILING": "CEIL",
    "CHARACTER_LENGTH": "CHAR_LENGTH",
    "SUBSTR": "SUBSTRING",
    "STDDEV": "STDDEV_SAMP",
    "VARIANCE": "VAR_SAMP",
}
"""Other spellings of functions, by name."""

__all__ = [
    "AGGREGATES",
    "ALIASES",
    "SCALARS",
    "AggregateFunction",
    "AggregateTable",
    "BoundCall",
    "FunctionArgumentError",
    "FunctionTable",
    "ScalarFunction",
]
