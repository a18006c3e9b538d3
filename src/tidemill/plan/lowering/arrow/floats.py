"""The digits of a FLOAT.

DuckDB gives one too many where the shortest text lies just on the border to the next FLOAT, which
is read back as this one where its last bit is 0: 475204.625 for 475204.62.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.plan.lowering.arrow.base import ArrowFunction, ArrowTable

_ONE_DIGIT_MAX = 1e-42
"""Below it so few bits are left that one digit tells some values apart; Java gives two."""


def _digits(values: pa.Array) -> pa.Array:
    texts = pc.cast(values, pa.string())
    size = pc.abs(values)
    tiny = pc.and_(pc.less(size, _ONE_DIGIT_MAX), pc.greater(size, 0.0))
    if not pc.any(tiny).as_py():
        return texts
    shown = zip(values.to_pylist(), texts.to_pylist(), tiny.to_pylist(), strict=True)
    return pa.array([_two(v, text) if small else text for v, text, small in shown], pa.string())


def _two(value: float, shortest: str) -> str:
    """The nearest of two digits, where that is the same value."""
    two_digits = f"{value:.1e}"
    return two_digits if np.float32(two_digits) == value else shortest


FUNCTIONS: ArrowTable = {"flink_float_digits": ArrowFunction(("FLOAT",), "VARCHAR", _digits)}
