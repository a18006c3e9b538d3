"""Random words that can be had from any index on: word i depends on the seed, the field and i.

NumPy's Philox is a counter-based generator: its n-th block is a function of its key and n alone,
and skipping ahead costs nothing.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from tidemill.records import dataclass

Words = npt.NDArray[np.uint64]

_WORDS_PER_BLOCK = 4
_HEX_PAIRS = np.frombuffer(bytes(range(256)).hex().encode(), dtype="<u2")


@dataclass(frozen=True, slots=True)
class Stream:
    """An endless, seekable sequence of 64-bit random words."""

    key: int

    @classmethod
    def of(cls, seed: int, path: str, purpose: str = "value") -> Stream:
        """The stream of one field (by its path) for one purpose."""
        text = f"{seed}\x00{path}\x00{purpose}".encode()
        return cls(int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little"))

    def words(self, start: int, count: int) -> Words:
        """Words `start` to `start + count`."""
        skip = start % _WORDS_PER_BLOCK
        generator = np.random.Philox(key=self.key).advance(start // _WORDS_PER_BLOCK)
        words: Words = generator.random_raw(count + skip)[skip:]
        return words

    def fractions(self, start: int, count: int) -> npt.NDArray[np.float64]:
        """Uniform numbers from 0 to below 1."""
        return (self.words(start, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def bytes(self, start: int, count: int, width: int) -> npt.NDArray[np.uint8]:
        """`count` rows of `width` random bytes; row i is the same whatever the start."""
        words_per_row = -(-width // 8) or 1
        words = self.words(start * words_per_row, count * words_per_row)
        return words.view(np.uint8).reshape(count, words_per_row * 8)[:, :width]

    def hex(self, start: int, count: int, width: int) -> npt.NDArray[np.uint8]:
        """`count` rows of `width` ASCII hexadecimal digits."""
        raw = self.bytes(start, count, (width + 1) // 2)
        digits = _HEX_PAIRS[raw].view(np.uint8).reshape(count, -1)
        return np.ascontiguousarray(digits[:, :width])


def uniform_int64(
    stream: Stream, start: int, count: int, low: int, high: int
) -> npt.NDArray[np.int64]:
    """Uniform whole numbers from `low` to `high`, both included."""
    words = stream.words(start, count)
    span = high - low + 1
    if span >= 1 << 64:
        return words.view(np.int64)
    if span <= 1 << 32:
        # Lemire's multiplication: no division, and a bias below 2^-32
        picked = ((words >> np.uint64(32)) * np.uint64(span)) >> np.uint64(32)
    else:
        picked = words % np.uint64(span)
    return (picked + np.uint64(low % (1 << 64))).view(np.int64)
