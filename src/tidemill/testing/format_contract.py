"""What every format must do: inherit from `FormatContract` in a test class, say what is asked.

Run by pytest as methods of the inheriting class; needs nothing but plain asserts.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pyarrow as pa

from tidemill.interfaces.format import (
    ColumnDecoder,
    Decoded,
    Decoder,
    Encoder,
    FormatFactory,
)
from tidemill.model import Batch, RowKind, Schema

_TEN_MEGABYTES = 10_000_000


class FormatContract:
    """The laws of a format; subclasses give the format, a schema and samples."""

    factory: FormatFactory
    schema: Schema
    options: Mapping[str, str] = {}
    samples: Sequence[bytes] = ()
    """Messages that decode without a reject."""

    def batch(self) -> Batch:
        """Rows that survive encoding and decoding."""
        raise NotImplementedError

    def decoder(self, needed: frozenset[str] | None = None) -> Decoder:
        """A decoder of the format."""
        assert self.factory.decoder is not None
        return self.factory.decoder(self.schema, self.factory.options.parse(self.options), needed)

    def encoder(self) -> Encoder:
        """An encoder of the format."""
        assert self.factory.encoder is not None
        return self.factory.encoder(self.schema, self.factory.options.parse(self.options))

    def decoded(self, messages: Sequence[bytes | None]) -> Decoded:
        """What the messages become; the same as a list, and as a column where it can take one."""
        decoder = self.decoder()
        listed = decoder.decode(messages)
        if isinstance(decoder, ColumnDecoder):
            column = pa.array([b"before", *messages, b"behind"], pa.binary())
            check_same(decoder.decode_column(column.slice(1, len(messages))), listed)
        return listed

    def test_samples_decode(self) -> None:
        """Valid messages give rows and no reject."""
        decoded = self.decoded([*self.samples])
        assert not decoded.rejects
        check_accounting(decoded, len(self.samples), self.schema)

    def test_null_and_empty_messages_have_an_outcome(self) -> None:
        """A null or empty message is a row, a reject or skipped."""
        check_accounting(self.decoded([None, b"", None]), 3, self.schema)

    def test_random_bytes_never_raise(self) -> None:
        """Whatever comes in, every message is accounted for."""
        dice = random.Random(1)  # noqa: S311 - no secret
        messages = [dice.randbytes(dice.randrange(60)) for _ in range(400)]
        check_accounting(self.decoded(messages), len(messages), self.schema)

    def test_damaged_messages_never_raise(self) -> None:
        """Valid messages with bytes changed, cut and doubled are accounted for."""
        dice = random.Random(2)  # noqa: S311 - no secret
        messages = [damaged(dice.choice(list(self.samples)), dice) for _ in range(400)]
        check_accounting(self.decoded(messages), len(messages), self.schema)

    def test_hostile_messages_never_raise(self) -> None:
        """Deep nesting, ten megabytes and bytes that are no text are accounted for."""
        messages = [
            b'{"a":' * 10_000,
            b"[" * 10_000 + b"]" * 10_000,
            b'{"a":"' + b"x" * _TEN_MEGABYTES + b'"}',
            b'"' * 10_001,
            b"\xff\xfe\x00\xd8",
            b"9" * 5000,
        ]
        check_accounting(self.decoded(messages), len(messages), self.schema)

    def test_a_batch_decodes_as_its_messages_one_by_one(self) -> None:
        """What a message becomes does not depend on its neighbours."""
        dice = random.Random(3)  # noqa: S311 - no secret
        messages = [*self.samples, *(damaged(m, dice) for m in self.samples), None, *self.samples]
        decoder = self.decoder()
        together = decoder.decode(messages)
        singly = [decoder.decode([message]) for message in messages]
        assert together.rows.to_pylist() == [r for d in singly for r in d.rows.to_pylist()]
        assert together.skipped == sum(d.skipped for d in singly)
        assert [(r.code, r.message) for r in together.rejects] == [
            (r.code, r.message) for d in singly for r in d.rejects
        ]

    def test_columns_that_are_not_needed_change_nothing_else(self) -> None:
        """Needed columns have the same values whatever else is needed."""
        name = self.schema.names[0]
        whole = self.decoder().decode(list(self.samples))
        part = self.decoder(frozenset({name})).decode(list(self.samples))
        assert part.rows.schema == whole.rows.schema
        assert part.rows.column(0).equals(whole.rows.column(0))

    def test_what_is_encoded_decodes_to_itself(self) -> None:
        """Encoding and decoding give the same rows, in small batches and in large ones."""
        small = self.batch()
        self.check_identity(small)
        times = 2000 // max(1, len(small)) + 1
        table = pa.Table.from_batches([small.rows] * times).combine_chunks()
        kinds = None
        if small.kinds is not None:
            kinds = pa.concat_arrays([small.kinds] * times)
        self.check_identity(Batch(table.to_batches()[0], kinds))

    def test_an_empty_batch_encodes_to_nothing(self) -> None:
        """No rows, no messages; no messages, no rows."""
        assert len(self.encoder().encode(Batch(self.batch().rows.slice(0, 0)))) == 0
        check_accounting(self.decoder().decode([]), 0, self.schema)

    def check_identity(self, batch: Batch) -> None:
        """Encode and decode one batch."""
        messages = self.encoder().encode(batch)
        assert len(messages) == len(batch)
        decoded = self.decoder().decode(messages.to_pylist())
        assert not decoded.rejects, decoded.rejects[:3]
        assert decoded.rows.to_pylist() == batch.rows.to_pylist()
        if batch.kinds is not None and decoded.kinds is not None:
            before = [RowKind(k).is_addition for k in batch.kinds.to_pylist()]
            assert [RowKind(k).is_addition for k in decoded.kinds.to_pylist()] == before


def check_same(found: Decoded, expected: Decoded) -> None:
    """Rows, kinds, messages, rejects, skipped ones and places in a log are the same."""
    count = expected.rows.num_rows

    def origin(decoded: Decoded) -> list[int]:
        return list(range(count)) if decoded.origin is None else decoded.origin.to_pylist()

    assert found.rows.schema == expected.rows.schema
    assert [_text(column) for column in found.rows.columns] == [
        _text(column) for column in expected.rows.columns
    ]
    assert origin(found) == origin(expected)
    assert _listed(found.kinds) == _listed(expected.kinds)
    assert (found.rejects, found.skipped) == (expected.rejects, expected.skipped)
    assert list(found.changes or ()) == list(expected.changes or ())


def _text(column: pa.Array) -> str:
    """All values: NaN is NaN, and a date need not be one of Python's."""
    return str(column.to_string(window=max(1, len(column))))


def _listed(kinds: pa.Int8Array | None) -> list[int] | None:
    return None if kinds is None else list(kinds.to_pylist())


def check_accounting(decoded: Decoded, count: int, schema: Schema) -> None:
    """Every message became rows, or a reject, or was skipped; and all parts fit together."""
    rows = decoded.rows.num_rows
    assert decoded.rows.schema.equals(schema.arrow())
    decoded.rows.validate(full=True)
    if decoded.origin is None:
        with_rows = set(range(rows))
    else:
        origin = decoded.origin.to_pylist()
        assert len(origin) == rows and origin == sorted(origin)
        with_rows = set(origin)
    rejected = [reject.index for reject in decoded.rejects]
    assert rejected == sorted(set(rejected))
    assert not with_rows & set(rejected)
    assert with_rows | set(rejected) <= set(range(count))
    assert len(with_rows) + len(rejected) + decoded.skipped == count
    if decoded.kinds is not None:
        assert len(decoded.kinds) == rows
    if decoded.changes is not None:
        assert len(decoded.changes) == count


def damaged(message: bytes, dice: random.Random) -> bytes:
    """The message with a small random change."""
    text = bytearray(message)
    for _ in range(dice.randrange(1, 4)):
        if not text:
            break
        at = dice.randrange(len(text))
        action = dice.randrange(4)
        if action == 0:
            text[at] = dice.randrange(256)
        elif action == 1:
            del text[at:]
        elif action == 2:
            del text[at]
        else:
            text[at:at] = text[at : at + 3]
    return bytes(text)
