"""Texts as Arrow arrays: constants, choices, characters, and texts put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidemill.connectors.datagen.randomness import Stream, uniform_int64
from tidemill.connectors.datagen.scalars import Clock, Generate


def constant(text: str) -> Generate:
    """The same text each time."""
    return lambda start, count, clock: pa.array([text] * count, pa.string())


def choice(texts: Sequence[str], stream: Stream) -> Generate:
    """One of the texts each time, each as likely."""
    pool = pa.array(texts, pa.string())
    last = len(texts) - 1

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        return pool.take(pa.array(uniform_int64(stream, start, count, 0, last)))

    return generate


def joined(parts: Sequence[Generate]) -> Generate:
    """The texts of all parts, one behind the other."""
    if len(parts) == 1:
        return parts[0]

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        if not parts:
            return pa.array([""] * count, pa.string())
        texts = [part(start, count, clock) for part in parts]
        return pc.binary_join_element_wise(*texts, "")

    return generate


def one_of(parts: Sequence[Generate], stream: Stream) -> Generate:
    """The text of one of the parts each time."""

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        which = pa.array(uniform_int64(stream, start, count, 0, len(parts) - 1))
        return pc.choose(which, *(part(start, count, clock) for part in parts))

    return generate


def repeated(copies: Sequence[Generate], least: int, stream: Stream) -> Generate:
    """The first `least` to all of the copies, as many as the stream says."""

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        lengths = uniform_int64(stream, start, count, least, len(copies))
        texts = []
        for place, copy in enumerate(copies):
            there = pa.array(lengths > place)
            texts.append(pc.if_else(there, copy(start, count, clock), pa.scalar("")))
        return pc.binary_join_element_wise(*texts, "") if texts else pa.array([""] * count)

    return generate


def hexadecimal(stream: Stream, digits: int) -> Generate:
    """So many hexadecimal digits."""

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        raw = stream.hex(start, count, digits)
        offsets = np.arange(count + 1, dtype=np.int32) * digits
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(raw))]
        return pa.Array.from_buffers(pa.string(), count, buffers)

    return generate
