"""Hash functions."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.plan.lowering.build import fn
from tidemill.plan.lowering.core import Lowering

LOWERINGS: Mapping[str, Lowering] = {
    "MD5": lambda c: fn("md5", c.args[0]),
    "SHA1": lambda c: fn("sha1", c.args[0]),
    "SHA256": lambda c: fn("sha256", c.args[0]),
    "SHA2": lambda c: fn("sha256", c.args[0]),
}
