"""Messages that are wrong in some way, and what becomes of each: a row, a dead letter, or nothing.

As Flink's format `json` has it: NaN, `true` for a number and numbers out of range are no values; a
number is a text, and a text a number where it reads as one; of a key that comes twice the last
counts; an empty message is nothing. A NULL event time makes a dead letter.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

_BEGIN = b'{"id": %d, "k": "k1", '
_DEEP = 10_000
_MALFORMED = (
    b"{no json",
    b"[1, 2",
    b'{"id": %d, "k": "k1", "amou',
    b'{"id": %d, "k": "\xff\xfe", "amount": 1, "ts": "%s"}',
    b'{"id": "x", "k": "k1", "amount": 1, "ts": "%s"}',
    _BEGIN + b'"amount": 1, "ts": "yesterday"}',
    _BEGIN + b'"amount": NaN, "ts": "%s"}',
    _BEGIN + b'"amount": Infinity, "ts": "%s"}',
    _BEGIN + b'"amount": -Infinity, "ts": "%s"}',
    _BEGIN + b'"amount": true, "ts": "%s"}',
    _BEGIN + b'"amount": 99999999999999999999, "ts": "%s"}',
    _BEGIN + b'"amount": {}, "ts": "%s"}',
    _BEGIN + b'"amount": 1, "ts": "%s", "more": ' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    b'{"id": %d, "k": ' + b'{"a":' * _DEEP + b"1" + b"}" * _DEEP + b', "amount": 1, "ts": "%s"}',
    b"[" * _DEEP,
    _BEGIN + b'"amount": 1, "ts": 0}',
    _BEGIN + b'"amount": 1, "ts": null}',
    b"",
    b'{"id": 7, "id": %d, "k": "k2", "k": "k1", "amount": 0, "amount": 7, "ts": "%s"}',
    b'{"id": %d, "k": 12, "amount": "12", "ts": "%s"}',
    b'{"id": %d, "k": false, "amount": 1.5, "ts": "%s"}',
    _BEGIN + b'"amount": 1, "ts": "1970-01-01 00:00:00"}',
    _BEGIN + b'"amount": 1, "ts": "1969-12-31 23:59:59.999"}',
)
_LONG = 1 << 63


def malformed(number: int, at: datetime) -> bytes:
    """A message with the number of its row and, where one can be read in it, this event time."""
    text = _MALFORMED[number % len(_MALFORMED)]
    shown = at.isoformat(" ", "milliseconds").encode()
    return text.replace(b"%d", b"%d" % number, 1).replace(b"%s", shown, 1)


def row_of(value: bytes | None) -> dict[str, Any] | None:
    """The row of a message; None where it is none."""
    try:
        given = json.loads(value or b"", parse_constant=_refused)
        return {
            "id": _long(given["id"]), "k": _text(given["k"]), "amount": _long(given["amount"]),
            "note": given.get("note"), "ts": datetime.fromisoformat(given["ts"]),
        }  # fmt: skip
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _refused(constant: str) -> float:
    raise ValueError(constant)


def _long(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    found = int(value)
    if not -_LONG <= found < _LONG:
        raise ValueError
    return found


def _text(value: Any) -> str:
    if not isinstance(value, bool | int | str):
        raise TypeError
    return value if isinstance(value, str) else json.dumps(value)
