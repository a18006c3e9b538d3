"""Digests of the SHA-2 family."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pyarrow as pa

from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable, BadValueError, per_value

_DIGESTS: dict[int, Callable[[bytes], hashlib._Hash]] = {
    224: hashlib.sha224,
    256: hashlib.sha256,
    384: hashlib.sha384,
    512: hashlib.sha512,
}


def _sha2(value: bytes, bits: int) -> str:
    if bits not in _DIGESTS:
        raise BadValueError(f"SHA2 has no digest of {bits} bits")
    return _DIGESTS[bits](value).hexdigest()


FUNCTIONS: ArrowTable = {
    "flink_sha2": ArrowFunction(("BLOB", "INTEGER"), "VARCHAR", per_value(_sha2, pa.string())),
}
