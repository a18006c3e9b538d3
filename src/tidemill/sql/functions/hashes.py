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
    as_int,
    as_text,
    count,
    fixed,
    literal_int,
    table,
)


def _digest(name: str, length: int) -> ScalarFunction:
    returns = DataType(TypeRoot.CHAR, length=length)
    return ScalarFunction(name, fixed(as_text, returns=returns), f"{name}(string)")


def _bind_sha2(arguments: Arguments) -> BoundCall:
    count(arguments, 2)
    if literal_int(arguments[1]) != 256:
        raise FunctionArgumentError("takes the length 256 only, as a literal")
    returns = DataType(TypeRoot.VARCHAR, any_nullable(arguments), length=128)
    return BoundCall((as_text(arguments[0]), as_int(arguments[1])), returns)


FUNCTIONS: FunctionTable = table(
    _digest("MD5", 32),
    _digest("SHA1", 40),
    _digest("SHA256", 64),
    ScalarFunction("SHA2", _bind_sha2, "SHA2(string, 256)"),
)
