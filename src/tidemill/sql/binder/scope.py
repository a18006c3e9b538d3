"""Which columns can be seen, and what a dotted name means."""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.errors import SqlError, did_you_mean
from tidemill.model import DataType, TypeRoot
from tidemill.sql.expressions import Call, Expression, InputRef, Literal
from tidemill.sql.logical import Fields
from tidemill.sql.syntax.nodes import Name, Path
from tidemill.sql.text import SourceText, cover


@dataclass(frozen=True, slots=True)
class Scope:
    """The columns of one relation; `qualifier` is its alias or its full name.

    `note` is added to the hint of an unknown column: why a name that one might expect is missing.
    """

    source: SourceText
    fields: Fields
    qualifier: tuple[str, ...] = ()
    note: str | None = None

    def resolve(self, path: Path) -> Expression:
        """The column, with the fields of rows behind it; SqlError where there is none."""
        parts = path.parts[self._qualifier_length(path) :]
        expression: Expression = self._column(parts[0], path)
        for name in parts[1:]:
            expression = row_field(self.source, expression, name)
        return expression

    def has(self, name: str) -> bool:
        """Whether exactly this column exists."""
        return any(field.name == name for field in self.fields)

    def covers(self, qualifier: Path) -> bool:
        """Whether `qualifier.*` means this relation."""
        texts = tuple(part.text for part in qualifier.parts)
        return bool(texts) and self.qualifier[-len(texts) :] == texts

    def _qualifier_length(self, path: Path) -> int:
        texts = tuple(part.text for part in path.parts)
        for length in range(min(len(texts) - 1, len(self.qualifier)), 0, -1):
            if self.qualifier[-length:] == texts[:length]:
                return length
        return 0

    def _column(self, name: Name, path: Path) -> InputRef:
        found = [i for i, field in enumerate(self.fields) if field.name == name.text]
        if len(found) == 1:
            field = self.fields[found[0]]
            return InputRef(found[0], name.text, field.type, name.span)
        if found:
            raise self.source.error(
                "ambiguous-column",
                f"more than one column is named `{name.text}`",
                name.span,
                hint="Give the columns different names with AS.",
            )
        raise self._unknown(name, path)

    def _unknown(self, name: Name, path: Path) -> SqlError:
        names = [field.name for field in self.fields]
        if name is path.parts[0] and len(path.parts) > 1:
            message = f"unknown table or column `{name.text}`"
            known = [*names, *self.qualifier[-1:]]
        else:
            message, known = f"unknown column `{name.text}`", names
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        hint = did_you_mean(name.text, known)
        if hint is None:
            hint = f"Columns here: {shown}." if names else "There is no FROM clause."
        if self.note:
            hint = f"{hint} {self.note}"
        return self.source.error("unknown-column", message, name.span, hint=hint)


def row_field(source: SourceText, base: Expression, name: Name) -> Expression:
    """The access of one field of a ROW."""
    if base.type.root is not TypeRoot.ROW:
        raise source.error(
            "type-mismatch",
            f"`{name.text}` is asked of a value of type {base.type.sql()}, which has no fields",
            name.span,
            hint="Only ROW values have fields; a map's value is `m['key']`.",
        )
    for field in base.type.fields:
        if field.name == name.text:
            nullable = base.type.nullable or field.type.nullable
            key = Literal(name.text, _char(name.text), name.span)
            span = cover(base.span, name.span) if base.span else name.span
            return Call("FIELD", (base, key), field.type.with_nullable(nullable), span)
    fields = [field.name for field in base.type.fields]
    raise source.error(
        "unknown-column",
        f"unknown field `{name.text}`",
        name.span,
        hint=did_you_mean(name.text, fields) or f"Fields: {', '.join(fields)}.",
    )


def _char(text: str) -> DataType:
    return DataType(TypeRoot.CHAR, nullable=False, length=len(text))
