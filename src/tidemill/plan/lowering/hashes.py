"""Hash functions."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tidemill.plan.lowering.build import fn, number
from tidemill.plan.lowering.core import Lowered, Lowering


def _own(name: str) -> Lowering:
    return lambda c: fn(name, c.args[0])


def _bytes(c: Lowered) -> exp.Expression:
    return fn("encode", c.args[0]) if c.type_of(0).is_string else c.args[0]


def _fixed(bits: int) -> Lowering:
    return lambda c: fn("flink_sha2", _bytes(c), number(bits))


def _sha2(c: Lowered) -> exp.Expression:
    if c.constant(1) == 256:
        return fn("sha256", c.args[0])
    return fn("flink_sha2", _bytes(c), c.args[1])


LOWERINGS: Mapping[str, Lowering] = {
    "MD5": _own("md5"),
    "SHA1": _own("sha1"),
    "SHA224": _fixed(224),
    "SHA256": _own("sha256"),
    "SHA384": _fixed(384),
    "SHA512": _fixed(512),
    "SHA2": _sha2,
}
