"""The options of the fields, `fields.<path>.<option>`, read once each so that leftovers show."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tidemill.errors import ProjectError, did_you_mean
from tidemill.interfaces.options import Option, OptionType, parse_value

FIELD_OPTIONS = (
    "kind", "min", "max", "max-past", "length", "var-len", "start", "end", "null-rate",
)  # fmt: skip


class FieldOptions:
    """The texts under `fields.`; knows which of them some generator has asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        self._asked: set[str] = set()

    def get(self, path: str, name: str, type_: OptionType, default: Any = None) -> Any:
        """The value of one option of the field at `path`."""
        key = f"{path}.{name}"
        self._asked.add(key)
        if key not in self._texts:
            return default
        return parse_value(Option(f"fields.{key}", type_, ""), self._texts[key])

    def decimal(self, path: str, name: str) -> Decimal | None:
        """A decimal option, exactly as written."""
        text = self.get(path, name, OptionType.STRING)
        if text is None:
            return None
        try:
            value = Decimal(text.strip())
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise bad_option(path, name, text, "a decimal number")
        return value

    def refuse_leftovers(self) -> None:
        """Raise for the first option that no generator has asked for."""
        for key in self._texts:
            if key not in self._asked:
                raise ProjectError(
                    f"the datagen connector has no use for the option `fields.{key}`",
                    code="connector.bad-option",
                    hint=did_you_mean(key, self._asked)
                    or "It names no field of the table, or one whose type has no such option.",
                )


def bad_option(path: str, name: str, given: object, takes: str) -> ProjectError:
    """The error for a wrong value of a field's option."""
    return ProjectError(
        f"option `fields.{path}.{name}` takes {takes}, not `{given}`", code="connector.bad-option"
    )
