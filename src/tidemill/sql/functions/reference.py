"""The page of the documentation that lists the functions, made from their declarations."""

from __future__ import annotations

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
from tidemill.sql.functions.refused import REFUSED

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

The functions of Flink SQL that the embedded engine runs, with Flink's result types. "Proofs" is the
number of expressions in `tests/parity` that use the function; each gives the same values and
types here and on Flink 2.3, over rows with edges. What is not here is refused by name; the last
table says why. Made from the declarations and the tests by `tools/reference.py`.
"""


class _Declared(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def signature(self) -> str: ...


def _table(functions: Iterable[_Declared], proofs: Mapping[str, int]) -> list[str]:
    lines = ["| Function | Written | Proofs |", "|---|---|---|"]
    for function in functions:
        written = function.signature.replace("|", "\\|")
        lines.append(f"| `{function.name}` | `{written}` | {proofs.get(function.name, 0)} |")
    return lines


def _section(
    title: str, functions: Mapping[str, _Declared], proofs: Mapping[str, int]
) -> list[str]:
    return [f"## {title}", "", *_table(functions.values(), proofs), ""]


def reference(proofs: Mapping[str, int]) -> str:
    """The page as Markdown; `proofs` are uses in the parity corpus by function."""
    lines = [_INTRODUCTION]
    for title, functions in _SECTIONS.items():
        lines += _section(title, functions, proofs)
    lines += ["## Conversion", "", "| Function | Written | Proofs |", "|---|---|---|"]
    for name in ("CAST", "TRY_CAST"):
        lines.append(f"| `{name}` | `{name}(value AS type)` | {proofs.get(name, 0)} |")
    lines += ["", *_section("Aggregate functions", AGGREGATES, proofs)]
    lines += ["## Other spellings", "", "| Written | Means |", "|---|---|"]
    lines += [f"| `{name}` | `{meant}` |" for name, meant in ALIASES.items()]
    lines += ["", "## Refused", "", "| Function | Why | Instead |", "|---|---|---|"]
    lines += [f"| `{n}` | It {r.reason}. | {r.hint} |" for n, r in sorted(REFUSED.items())]
    return "\n".join(lines) + "\n"
