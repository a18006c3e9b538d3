"""Secret values that do not show themselves.

Guarantees: `repr`, `str`, `format` and logging of a `Secret` give `******`; `repr` of a
`RevealedSecret` (a real `str`, for client libraries) does too, so a dump of options never shows it.
Non-guarantees: a revealed secret that is formatted into another text is plain there.
"""

from __future__ import annotations

MASK = "******"


class RevealedSecret(str):
    """A secret as the plain text that a client library takes; only its `repr` is masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)


class Secret:
    """A secret value; `reveal` is the only way to read it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> RevealedSecret:
        """The plain text, for the call that needs it and nothing else."""
        return RevealedSecret(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")
