"""Hash functions, in hexadecimal lower case."""

from __future__ import annotations

from tidemill.model import DataType, TypeRoot
from tidemill.sql.functions.registry import (
    BoundCall,
    FunctionArgumentError,
    FunctionTable,
    ScalarFunction,
)
from tidemill.sql.functions.signatures import (
    Arguments,
    any_nullable,
    as_bytes_or_text,
    as_int,
    count,
    fixed,
    literal_int,
    table,
)


def _digest(name: str, length: int) -> ScalarFunction:
    returns = DataType(TypeRoot.CHAR, length=length)
    return ScalarFunction(name, fixed(as_bytes_or_text, returns=returns), f"{name}(string)")


def _bind_sha2(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    bits = literal_int(arguments[1])
    if bits is not None and bits not in (224, 256, 384, 512):
        raise FunctionArgumentError(f"takes the length 224, 256, 384 or 512, not {bits}")
    returns = DataType(TypeRoot.VARCHAR, any_nullable(arguments), length=128)
    return BoundCall((as_bytes_or_text(arguments[0]), as_int(arguments[1])), returns)


FUNCTIONS: FunctionTable = table(
    _digest("MD5", 32),
    _digest("SHA1", 40),
    _digest("SHA224", 56),
    _digest("SHA256", 64),
    _digest("SHA384", 96),
    _digest("SHA512", 128),
    ScalarFunction("SHA2", _bind_sha2, "SHA2(string, length)"),
)
