"""Schemas from text such as `a INT NOT NULL, b ROW<x INT>`, for the tests of formats."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tidemill.model import Column, DataType, Field, Schema, TypeRoot
from tidemill.model.types import bytes_, decimal, string, timestamp, timestamp_ltz


def split(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def named(text: str) -> tuple[str, DataType]:
    name, rest = text.strip().split(" ", 1)
    return name, data_type(rest)


def data_type(text: str) -> DataType:
    nullable = not text.strip().endswith(" NOT NULL")
    match = re.fullmatch(
        r"(\w+)(?:\((.*?)\))?(?:<(.*)>)?", text.strip().removesuffix(" NOT NULL"), re.DOTALL
    )
    assert match is not None, text
    root, sizes, inner = match.groups()
    numbers = [int(part) for part in sizes.split(",")] if sizes else []
    if root in ("STRING", "BYTES"):
        return string(nullable) if root == "STRING" else bytes_(nullable)
    if root == "DECIMAL":
        return decimal(numbers[0], numbers[1], nullable)
    if root in ("TIMESTAMP", "TIMESTAMP_LTZ"):
        make = timestamp if root == "TIMESTAMP" else timestamp_ltz
        return make(numbers[0] if numbers else 6, nullable)
    if root == "TIME":
        return DataType(TypeRoot.TIME, nullable, precision=numbers[0] if numbers else 0)
    if root in ("CHAR", "VARCHAR"):
        return DataType(TypeRoot(root), nullable, length=numbers[0])
    if root == "ARRAY":
        return DataType(TypeRoot.ARRAY, nullable, element=data_type(inner))
    if root == "MAP":
        key, value = split(inner)
        return DataType(TypeRoot.MAP, nullable, key=data_type(key), value=data_type(value))
    if root == "ROW":
        fields = tuple(Field(*named(part)) for part in split(inner))
        return DataType(TypeRoot.ROW, nullable, fields=fields)
    return DataType(TypeRoot(root), nullable)


@pytest.fixture(scope="session")
def schema_of() -> Callable[[str], Schema]:
    """Make a schema from its text."""
    return lambda text: Schema(tuple(Column(*named(part)) for part in split(text)))
