"""URLs and network addresses."""

from __future__ import annotations

from tidemill.model.types import BIGINT, STRING
from tidemill.sql.functions.registry import FunctionTable, ScalarFunction
from tidemill.sql.functions.signatures import as_bigint, as_text, fixed, table

FUNCTIONS: FunctionTable = table(
    ScalarFunction(
        "PARSE_URL",
        fixed(as_text, as_text, as_text, returns=STRING, optional=1, nullable=True),
        "PARSE_URL(string, part [, key])",
    ),
    ScalarFunction(
        "URL_ENCODE", fixed(as_text, returns=STRING, nullable=True), "URL_ENCODE(string)"
    ),
    ScalarFunction(
        "URL_DECODE", fixed(as_text, returns=STRING, nullable=True), "URL_DECODE(string)"
    ),
    ScalarFunction("INET_ATON", fixed(as_text, returns=BIGINT, nullable=True), "INET_ATON(string)"),
    ScalarFunction(
        "INET_NTOA", fixed(as_bigint, returns=STRING, nullable=True), "INET_NTOA(integer)"
    ),
)
