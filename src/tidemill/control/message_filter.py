"""Which messages are wanted: texts in key, value and headers, and an expression in CEL.

CEL (Common Expression Language) cannot loop for ever, call anything or change anything. A message
for which an expression cannot be computed (a field it lacks) does not match, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tidemill.errors import UserError
from tidemill.records import dataclass

if TYPE_CHECKING:
    from tidemill.control.message_view import MessageView

EXPRESSION_CHARS_MAX = 2000
NAMES = "key, value, headers, partition, offset, timestamp_ms, topic, key_text, value_text"


@dataclass
class MessageFilter:
    """All conditions must hold; texts match anywhere, without regard to case."""

    key: str = ""
    value: str = ""
    header: str = ""
    expression: str = ""
    failures: int = 0
    """Messages for which the expression could not be computed."""
    last_failure: str | None = None

    def __post_init__(self) -> None:
        self._matches = _compiled(self.expression) if self.expression.strip() else None

    @property
    def empty(self) -> bool:
        """Whether every message is wanted."""
        return not (self.key or self.value or self.header or self._matches)

    def matches(self, message: MessageView) -> bool:
        """Whether this message is wanted."""
        if self.key and self.key.lower() not in message.key.text.lower():
            return False
        if self.value and self.value.lower() not in message.value.text.lower():
            return False
        if self.header and not self._header(message):
            return False
        if self._matches is None:
            return True
        try:
            return self._matches(message)
        except Exception as error:
            self.failures += 1
            self.last_failure = _reason(error)
            return False

    def _header(self, message: MessageView) -> bool:
        """`name=text`, or a text anywhere in a name or value."""
        name, equals, text = self.header.partition("=")
        for header, value in message.headers:
            if equals and header == name and text.lower() in value.text.lower():
                return True
            if not equals and self.header.lower() in f"{header} {value.text}".lower():
                return True
        return False


def _compiled(expression: str) -> Callable[[MessageView], bool]:
    if len(expression) > EXPRESSION_CHARS_MAX:
        raise _bad(f"it has {len(expression)} characters", f"At most {EXPRESSION_CHARS_MAX}.")
    try:
        from cel import compile as compile_cel  # noqa: PLC0415 - only with tidemill[console]
    except ImportError:
        raise UserError(
            "filter expressions need the console's packages",
            code="console.not-installed",
            hint="Install them: pip install 'tidemill[console]'",
        ) from None
    try:
        program = compile_cel(expression)
    except ValueError as error:
        raise _bad(_reason(error), f"Such as: value.amount > 100. Names: {NAMES}.") from None
    unknown = sorted(set(program.variables()) - set(NAMES.split(", ")))
    if unknown:
        raise _bad(f"it speaks of `{unknown[0]}`", f"It can speak of: {NAMES}.")
    return lambda message: program.execute(message.names()) is True


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"a message has no field {error}"
    text = str(error).strip()
    first = next((line for line in text.splitlines() if "ERROR" in line), text.splitlines()[0])
    return first.split("Syntax error: ")[-1].split(". CEL")[0][:200]


def _bad(reason: str, hint: str) -> UserError:
    return UserError(
        f"the filter expression cannot be used: {reason}", code="console.bad-filter", hint=hint
    )
