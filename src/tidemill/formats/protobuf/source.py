"""Protobuf's own language (proto2, proto3) to a file descriptor, as far as decoding needs it.

Registries hand schemas out as text. Taken are messages, enums, fields, maps, oneofs, groups of
nested types, package and imports; options, services, extensions and reserved numbers change nothing
in how bytes are read and are passed over. ValueError for anything else, and for editions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|-?[\w.+]+|.)""", re.DOTALL
)
_LABELS = {"optional": 1, "required": 2, "repeated": 3}
_SCALARS = {
    "double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "fixed64": 6, "fixed32": 7,
    "bool": 8, "string": 9, "bytes": 12, "uint32": 13, "sfixed32": 15, "sfixed64": 16,
    "sint32": 17, "sint64": 18,
}  # fmt: skip
_PASSED_OVER = ("option", "reserved", "extensions", "extend", "service")


def file_descriptor(text: str, name: str = "schema.proto") -> Any:
    """The `FileDescriptorProto` of a file's text."""
    from google.protobuf import descriptor_pb2  # noqa: PLC0415 - loaded when used

    file = descriptor_pb2.FileDescriptorProto(name=name, syntax="proto2")
    tokens = _Tokens(text)
    while (word := tokens.next()) is not None:
        if word == "syntax":
            tokens.expect("=")
            file.syntax = _unquoted(tokens.need())
            tokens.expect(";")
        elif word == "package":
            file.package = tokens.need()
            tokens.expect(";")
        elif word == "import":
            what = tokens.need()
            file.dependency.append(_unquoted(tokens.need() if what in ("public", "weak") else what))
            tokens.expect(";")
        elif word == "message":
            _message(tokens, file.message_type.add(name=tokens.need()), file.syntax)
        elif word == "enum":
            _enum(tokens, file.enum_type.add(name=tokens.need()))
        elif word in _PASSED_OVER:
            tokens.pass_over()
        elif word != ";":
            raise ValueError(f"`{word}` cannot be read")
    if file.syntax not in ("proto2", "proto3"):
        raise ValueError(f"{file.syntax} cannot be read")
    return file


class _Tokens:
    def __init__(self, text: str) -> None:
        self._left: Iterator[str] = (
            found[1] for found in _TOKEN.finditer(text) if found[1] is not None
        )

    def next(self) -> str | None:
        return next(self._left, None)

    def need(self) -> str:
        found = self.next()
        if found is None:
            raise ValueError("the text ends too early")
        return found

    def expect(self, wanted: str) -> None:
        found = self.need()
        if found != wanted:
            raise ValueError(f"`{found}` stands where `{wanted}` should")

    def pass_over(self) -> None:
        """To the end of a statement or block."""
        depth = 0
        while True:
            word = self.need()
            depth += {"{": 1, "}": -1}.get(word, 0)
            if depth == 0 and word in (";", "}"):
                return


def _message(tokens: _Tokens, message: Any, syntax: str) -> None:
    tokens.expect("{")
    while (word := tokens.need()) != "}":
        if word == "message":
            _message(tokens, message.nested_type.add(name=tokens.need()), syntax)
        elif word == "enum":
            _enum(tokens, message.enum_type.add(name=tokens.need()))
        elif word == "oneof":
            _oneof(tokens, message)
        elif word == "map":
            _map(tokens, message)
        elif word in _PASSED_OVER:
            tokens.pass_over()
        elif word != ";":
            label = _LABELS.get(word)
            field = _field(tokens, message, tokens.need() if label else word, label or 1)
            if word == "optional" and syntax == "proto3":
                field.proto3_optional = True
    # The oneofs that stand for `optional` of proto3 come behind all others.
    for field in message.field:
        if field.proto3_optional:
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")


def _field(tokens: _Tokens, message: Any, type_: str, label: int) -> Any:
    if type_ == "group":
        raise ValueError("groups cannot be read")
    field = message.field.add(name=tokens.need(), label=label)
    _typed(field, type_)
    tokens.expect("=")
    field.number = int(tokens.need(), 0)
    _field_end(tokens)
    return field


def _typed(field: Any, type_: str) -> None:
    if type_ in _SCALARS:
        field.type = _SCALARS[type_]
    else:
        field.type_name = type_  # the pool finds it by its scopes, be it a message or an enum


def _field_end(tokens: _Tokens) -> None:
    """Past the options of a field."""
    depth = 0
    while (word := tokens.need()) != ";" or depth:
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(word, 0)


def _oneof(tokens: _Tokens, message: Any) -> None:
    index = len(message.oneof_decl)
    message.oneof_decl.add(name=tokens.need())
    tokens.expect("{")
    while (word := tokens.need()) != "}":
        if word == "option":
            tokens.pass_over()
        elif word != ";":
            _field(tokens, message, word, 1).oneof_index = index


def _map(tokens: _Tokens, message: Any) -> None:
    tokens.expect("<")
    key = tokens.need()
    tokens.expect(",")
    value = tokens.need()
    tokens.expect(">")
    name = tokens.need()
    entry = message.nested_type.add(
        name="".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Entry"
    )
    entry.options.map_entry = True
    _typed(entry.field.add(name="key", number=1, label=1), key)
    _typed(entry.field.add(name="value", number=2, label=1), value)
    field = message.field.add(name=name, label=3, type_name=entry.name)
    tokens.expect("=")
    field.number = int(tokens.need(), 0)
    _field_end(tokens)


def _enum(tokens: _Tokens, enum: Any) -> None:
    tokens.expect("{")
    while (word := tokens.need()) != "}":
        if word in _PASSED_OVER:
            if word == "option":
                _alias(tokens, enum)
            else:
                tokens.pass_over()
        elif word != ";":
            tokens.expect("=")
            enum.value.add(name=word, number=int(tokens.need(), 0))
            _field_end(tokens)


def _alias(tokens: _Tokens, enum: Any) -> None:
    name = tokens.need()
    if name == "allow_alias":
        tokens.expect("=")
        enum.options.allow_alias = tokens.need() == "true"
        tokens.expect(";")
    else:
        tokens.pass_over()


def _unquoted(word: str) -> str:
    if word[:1] not in "\"'" or word[:1] != word[-1:]:
        raise ValueError(f"`{word}` is no text")
    return word[1:-1]
