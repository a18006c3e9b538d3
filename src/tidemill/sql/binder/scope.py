"""Which columns can be seen, and what a dotted name means."""

from __future__ import annotations

from dataclasses import replace

from tidemill.errors import SqlError, did_you_mean
from tidemill.model import DataType, TypeRoot
from tidemill.records import dataclass
from tidemill.sql.binder.shapes import map_inputs
from tidemill.sql.expressions import Call, Expression, InputRef, Literal
from tidemill.sql.logical import Fields, TimeAttribute
from tidemill.sql.syntax.nodes import Name, Path, Subquery
from tidemill.sql.text import SourceText, cover


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one relation of FROM: `fields[start:stop]`, by its alias or full name."""

    qualifier: tuple[str, ...]
    start: int
    stop: int

    def covers(self, texts: tuple[str, ...]) -> bool:
        """Whether these names, as written before a dot, mean this relation."""
        return bool(texts) and self.qualifier[-len(texts) :] == texts

    def moved(self, by: int) -> Part:
        """The same relation further to the right."""
        return replace(self, start=self.start + by, stop=self.stop + by)


@dataclass(frozen=True, slots=True)
class Visible:
    """A column as bare names and `*` see it; after JOIN ... USING it stands for two."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Scope:
    """The columns of the relations of a FROM clause.

    `parts` are the relations that can qualify a column. `visible` are the columns that `*` and
    bare names mean, where these are not simply all fields in their order. `note` is added to the
    hint of an unknown column: why a name that one might expect is missing. `subqueries` are the
    values of scalar subqueries, by their node.

    With `outer` it is the scope of a subquery: expressions are over the outer fields, then the own
    ones, and a name that is not there is looked up outside.
    """

    source: SourceText
    fields: Fields
    parts: tuple[Part, ...] = ()
    visible: tuple[Visible, ...] | None = None
    note: str | None = None
    subqueries: tuple[tuple[Subquery, Expression], ...] = ()
    outer: Scope | None = None

    def resolve(self, path: Path) -> Expression:
        """The column, with the fields of rows behind it; SqlError where there is none."""
        if self.outer is None:
            return self._resolve(path)
        width = len(self.outer.fields)
        try:
            return map_inputs(self._resolve(path), lambda index: index + width)
        except SqlError as error:
            if error.code != "sql.unknown-column" or not self.outer.knows(path):
                raise
        return self.outer.resolve(path)

    def knows(self, path: Path) -> bool:
        """Whether a name is there."""
        try:
            self.resolve(path)
        except SqlError as error:
            return error.code != "sql.unknown-column"
        return True

    def is_rowtime(self, column: InputRef) -> bool:
        """Whether a column is event time here, with a watermark behind it."""
        fields = self.fields if self.outer is None else (*self.outer.fields, *self.fields)
        return fields[column.index].time_attribute is TimeAttribute.ROWTIME

    def value_of(self, node: Subquery) -> Expression | None:
        """The value of a scalar subquery that has been joined."""
        return next((value for own, value in self.subqueries if own is node), None)

    def _resolve(self, path: Path) -> Expression:
        part, length = self._part(path)
        parts = path.parts[length:]
        expression = self._bare(parts[0], path) if part is None else self._own(part, parts[0])
        for name in parts[1:]:
            expression = row_field(self.source, expression, name)
        return expression

    def columns(self, qualifier: Path | None) -> list[Visible] | None:
        """What `*` or `qualifier.*` means, in order; None where there is no such relation."""
        if qualifier is None:
            return list(self.visible) if self.visible is not None else self._range(0, None)
        texts = tuple(part.text for part in qualifier.parts)
        found = [part for part in self.parts if part.covers(texts)]
        if len(found) > 1:
            raise self._two_tables(qualifier)
        return self._range(found[0].start, found[0].stop) if found else None

    def _range(self, start: int, stop: int | None) -> list[Visible]:
        fields = list(enumerate(self.fields))[start:stop]
        return [Visible(f.name, InputRef(i, f.name, f.type)) for i, f in fields]

    def has(self, name: str) -> bool:
        """Whether exactly this column exists."""
        return any(field.name == name for field in self.fields)

    @property
    def aliases(self) -> list[str]:
        """The short names of the relations."""
        return [part.qualifier[-1] for part in self.parts if part.qualifier]

    def _part(self, path: Path) -> tuple[Part | None, int]:
        """The relation that the first names of a path mean, and how many names these are."""
        texts = tuple(part.text for part in path.parts)
        for length in range(len(texts) - 1, 0, -1):
            found = [part for part in self.parts if part.covers(texts[:length])]
            if len(found) > 1:
                raise self._two_tables(path)
            if found:
                return found[0], length
        return None, 0

    def _two_tables(self, path: Path) -> SqlError:
        return self.source.error(
            "ambiguous-column",
            f"more than one table here is named `{path.parts[0].text}`",
            path.parts[0].span,
            hint="Give the tables different aliases with AS.",
        )

    def _own(self, part: Part, name: Name) -> Expression:
        """A column of one relation."""
        own = range(part.start, part.stop)
        found = [i for i in own if self.fields[i].name == name.text]
        if len(found) == 1:
            return InputRef(found[0], name.text, self.fields[found[0]].type, name.span)
        if found:
            raise self._ambiguous(name, [])
        names = [self.fields[i].name for i in own]
        raise self._missing(f"unknown column `{name.text}`", name, names, names)

    def _bare(self, name: Name, path: Path) -> Expression:
        """A column by its name alone."""
        seen = self._range(0, None) if self.visible is None else self.visible
        found = [column.expression for column in seen if column.name == name.text]
        if len(found) == 1:
            return replace(found[0], span=name.span)
        if found:
            places = [e.index for e in found if isinstance(e, InputRef)]
            aliases = [p.qualifier[-1] for p in self.parts for i in places
                       if p.qualifier and p.start <= i < p.stop]  # fmt: skip
            raise self._ambiguous(name, aliases)
        raise self._unknown(name, path)

    def _ambiguous(self, name: Name, aliases: list[str]) -> SqlError:
        names = [f"`{alias}.{name.text}`" for alias in dict.fromkeys(aliases)]
        return self.source.error(
            "ambiguous-column",
            f"more than one column is named `{name.text}`",
            name.span,
            hint=f"Say which: {' or '.join(names)}."
            if len(names) > 1
            else "Give the columns different names with AS.",
        )

    def _unknown(self, name: Name, path: Path) -> SqlError:
        names = [field.name for field in self.fields]
        if name is path.parts[0] and len(path.parts) > 1:
            message = f"unknown table or column `{name.text}`"
            known = [*names, *self.aliases]
        else:
            message, known = f"unknown column `{name.text}`", names
        return self._missing(message, name, names, known)

    def _missing(self, message: str, name: Name, names: list[str], known: list[str]) -> SqlError:
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
