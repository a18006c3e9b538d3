"""The page of the documentation that lists the functions, made from their declarations.

Run as a module it writes the page to standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Protocol

from tidemill.sql.functions import (
    AGGREGATES,
    ALIASES,
    collections,
    conditional,
    encodings,
    hashes,
    json,
    math,
    operators,
    regex,
    strings,
    temporal,
    urls,
)

_SECTIONS = {
    "Operators": operators.FUNCTIONS,
    "Conditional functions": conditional.FUNCTIONS,
    "Mathematical functions": math.FUNCTIONS,
    "String functions": strings.FUNCTIONS,
    "Encodings": encodings.FUNCTIONS,
    "URLs and addresses": urls.FUNCTIONS,
    "Regular expressions": regex.FUNCTIONS,
    "Temporal functions": temporal.FUNCTIONS,
    "JSON functions": json.FUNCTIONS,
    "Arrays, maps and rows": collections.FUNCTIONS,
    "Hash functions": hashes.FUNCTIONS,
}
_INTRODUCTION = """\
# Functions

The functions of Flink SQL that the embedded engine runs, with Flink's result types. A function
that is not here is refused by name. This page is made from the declarations: do not edit it.
"""


class _Declared(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def signature(self) -> str: ...


def _table(functions: Iterable[_Declared]) -> list[str]:
    lines = ["| Function | Written |", "|---|---|"]
    for function in functions:
        written = function.signature.replace("|", "\\|")
        lines.append(f"| `{function.name}` | `{written}` |")
    return lines


def _section(title: str, functions: Mapping[str, _Declared]) -> list[str]:
    return [f"## {title}", "", *_table(functions.values()), ""]


def reference() -> str:
    """The page as Markdown."""
    lines = [_INTRODUCTION]
    for title, functions in _SECTIONS.items():
        lines += _section(title, functions)
    lines += _section("Aggregate functions", AGGREGATES)
    lines += ["## Other spellings", "", "| Written | Means |", "|---|---|"]
    lines += [f"| `{name}` | `{meant}` |" for name, meant in ALIASES.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
