"""Typed expressions that never fail: trees of forms over columns and literals."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

Scope = Mapping[str, str]
"""Column texts with their types."""


@dataclass(frozen=True, slots=True)
class Form:
    """One operator or function: its text with `{0}`, `{1}`..., its type and its arguments' types.

    `name` is what the coverage table counts.
    """

    name: str
    text: str
    result: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A tree: a form over its arguments, or (`form` None) the text of a column or literal."""

    type: str
    text: str
    form: Form | None = None
    arguments: tuple[Node, ...] = ()

    def sql(self) -> str:
        """The expression's text."""
        if self.form is None:
            return self.text
        return self.form.text.format(*(argument.sql() for argument in self.arguments))

    def names(self) -> Iterator[str]:
        """The forms and types within, as the coverage table calls them."""
        yield f"type:{self.type}"
        if self.form is not None:
            yield f"function:{self.form.name}"
            for argument in self.arguments:
                yield from argument.names()

    def reads(self, scope: Scope) -> bool:
        """Whether a column is in it."""
        if self.form is None:
            return self.text in scope
        return any(argument.reads(scope) for argument in self.arguments)

    def simpler(self) -> Iterator[Node]:
        """Smaller trees of the same type, for shrinking."""
        for argument in self.arguments:
            if argument.type == self.type:
                yield argument
        for index, argument in enumerate(self.arguments):
            for less in argument.simpler():
                arguments = [*self.arguments]
                arguments[index] = less
                yield replace(self, arguments=tuple(arguments))
        if self.form is not None and self.type not in COLUMNS_ONLY:
            yield Node(self.type, literal(random.Random(0), self.type))


def literal(generator: random.Random, kind: str) -> str:
    """A constant of a type."""
    pick = generator.choice
    texts = {
        "BOOLEAN": ["TRUE", "FALSE"],
        "TINYINT": ["CAST(3 AS TINYINT)"],
        "SMALLINT": ["CAST(12 AS SMALLINT)"],
        "INT": ["0", "1", "2", "7", "-3"],
        "BIGINT": ["CAST(5 AS BIGINT)", "3000000000"],
        "FLOAT": ["CAST(1.5 AS FLOAT)"],
        "DOUBLE": ["CAST(0.25 AS DOUBLE)", "2E0"],
        "DECIMAL(10, 2)": ["CAST(1.25 AS DECIMAL(10, 2))"],
        "DECIMAL(20, 4)": ["CAST(10.5 AS DECIMAL(20, 4))"],
        "STRING": ["CAST('a' AS STRING)", "CAST('' AS STRING)", "CAST('b%' AS STRING)"],
        "VARCHAR(6)": ["CAST('v' AS VARCHAR(6))"],
        "BYTES": ["CAST(X'00FF' AS BYTES)"],
        "DATE": ["DATE '2024-02-29'"],
        "TIME(0)": ["TIME '12:00:00'"],
        "TIMESTAMP(3)": ["TIMESTAMP '2024-02-29 12:00:00.500'"],
        "TIMESTAMP_LTZ(3)": ["TO_TIMESTAMP_LTZ(1000, 3)"],
        "ARRAY<INT>": ["ARRAY[1, 2, 3]"],
        "MAP<STRING, INT>": ["MAP[CAST('a' AS STRING), 1]"],
        "ROW<p INT, q STRING>": ["CAST(ROW(1, 'a') AS ROW<p INT, q STRING>)"],
        "CHAR(3)": ["'abc'", "'x y'"],
        "BINARY(2)": ["X'0001'"],
        "VARBINARY(4)": ["CAST(X'616263' AS VARBINARY(4))"],
        "TIMESTAMP(6)": ["TIMESTAMP '2024-02-29 12:00:00.000001'"],
        "TIMESTAMP(9)": ["TIMESTAMP '2024-02-29 12:00:00.123456789'"],
        "INTERVAL DAY TO SECOND": [
            "INTERVAL '3' DAY",
            "INTERVAL '90' MINUTE",
            "INTERVAL '1 02:03:04.5' DAY TO SECOND",
        ],
        "INTERVAL YEAR TO MONTH": ["INTERVAL '1' MONTH", "INTERVAL '1-2' YEAR TO MONTH"],
    }
    return pick(texts[kind])


COLUMNS_ONLY = ("MULTISET<STRING>", "ROW<a ARRAY<INT>, b ROW<c BIGINT>>",
                "ARRAY<ROW<u INT, w STRING>>")  # fmt: skip
"""Types without a constant here."""


def expression(generator: random.Random, kind: str, scope: Scope, depth: int) -> Node:
    """A random tree of a type over a scope; without a column it is one constant.

    Trees of constants alone would test Flink's planner, which folds them (and fails at some).
    """
    columns = [text for text, given in scope.items() if given == kind]
    here = set(scope.values())
    forms = [f for f in FORMS.get(kind, ()) if _possible(f, here)]
    if depth > 0 and forms and (not columns or generator.random() < 0.75):
        form = generator.choice(forms)
        arguments = [expression(generator, wanted, scope, depth - 1) for wanted in form.arguments]
        made = Node(kind, "", form, tuple(arguments))
        if made.reads(scope):
            return made
    if columns:
        return Node(kind, generator.choice(columns))
    return Node(kind, literal(generator, kind))


def _possible(form: Form, here: set[str]) -> bool:
    return all(kind in here or kind not in COLUMNS_ONLY for kind in form.arguments)


def _table() -> dict[str, list[Form]]:
    found: dict[str, list[Form]] = {}
    for result, lines in _SOURCE.items():
        for line in lines.strip().splitlines():
            name, text, *arguments = (
                part.strip().replace("\\|", "|") for part in re.split(r"(?<!\\)\|", line)
            )
            found.setdefault(result, []).append(Form(name, text, result, tuple(arguments)))
    for kind in _COMPARED:
        for sign in ("=", "<>", "<", "<=", ">", ">="):
            form = Form(sign, f"({{0}} {sign} {{1}})", "BOOLEAN", (kind, kind))
            found["BOOLEAN"].append(form)
        found["BOOLEAN"].append(
            Form("BETWEEN", "({0} BETWEEN {1} AND {2})", "BOOLEAN", (kind, kind, kind))
        )
        found["BOOLEAN"].append(
            Form("IS DISTINCT FROM", "({0} IS DISTINCT FROM {1})", "BOOLEAN", (kind, kind))
        )
    for kind in (*_ALL, *_SEEN):
        found["BOOLEAN"].append(Form("IS NULL", "({0} IS NULL)", "BOOLEAN", (kind,)))
        found["BOOLEAN"].append(Form("IS NOT NULL", "({0} IS NOT NULL)", "BOOLEAN", (kind,)))
        if kind in ("TINYINT", "SMALLINT", *_SEEN):
            continue
        found.setdefault(kind, []).extend(
            [
                Form("CASE", "CASE WHEN {0} THEN {1} ELSE {2} END", kind, ("BOOLEAN", kind, kind)),
                Form("COALESCE", "COALESCE({0}, {1})", kind, (kind, kind)),
            ]
        )
        if not kind.startswith(("ARRAY", "MAP", "ROW")):  # Flink takes plain types only
            found[kind].append(Form("IF", "IF({0}, {1}, {2})", kind, ("BOOLEAN", kind, kind)))
    return found


_ALL = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)",
    "DECIMAL(20, 4)", "STRING", "VARCHAR(6)", "BYTES", "DATE", "TIME(0)", "TIMESTAMP(3)",
    "TIMESTAMP_LTZ(3)", "ARRAY<INT>", "MAP<STRING, INT>", "ROW<p INT, q STRING>",
)  # fmt: skip
_SEEN = (
    "CHAR(3)", "BINARY(2)", "VARBINARY(4)", "TIMESTAMP(6)", "TIMESTAMP(9)",
    "ROW<a ARRAY<INT>, b ROW<c BIGINT>>", "ARRAY<ROW<u INT, w STRING>>",
)  # fmt: skip
"""Types that columns have and few forms give."""
_COMPARED = (
    "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)", "DECIMAL(20, 4)",
    "CHAR(3)", "STRING", "DATE", "TIME(0)", "TIMESTAMP(3)", "TIMESTAMP(6)", "TIMESTAMP(9)",
    "TIMESTAMP_LTZ(3)",
)  # fmt: skip

_SOURCE: dict[str, str] = {
    "BOOLEAN": """
AND | ({0} AND {1}) | BOOLEAN | BOOLEAN
OR | ({0} OR {1}) | BOOLEAN | BOOLEAN
NOT | (NOT {0}) | BOOLEAN
IS TRUE | ({0} IS TRUE) | BOOLEAN
IS NOT FALSE | ({0} IS NOT FALSE) | BOOLEAN
IS UNKNOWN | ({0} IS UNKNOWN) | BOOLEAN
LIKE | ({0} LIKE '%a%') | STRING
LIKE | ({0} LIKE 'a_c%') | STRING
SIMILAR TO | ({0} SIMILAR TO '[a-c]+') | STRING
IN | ({0} IN (1, 2, 3, -5)) | INT
NOT IN | ({0} NOT IN ('a', 'b')) | STRING
CAST | CAST({0} AS BOOLEAN) | INT
TRY_CAST | TRY_CAST({0} AS BOOLEAN) | STRING
STARTSWITH | STARTSWITH({0}, {1}) | STRING | STRING
= | ({0} = X'00') | BYTES
<> | ({0} <> {1}) | BYTES | BYTES
= | ({0} = {1}) | BINARY(2) | BINARY(2)
= | ({0} = {1}) | VARBINARY(4) | VARBINARY(4)
ARRAY_CONTAINS | ARRAY_CONTAINS({0}, {1}) | ARRAY<INT> | INT
""",
    "INT": """
+ | ({0} + {1}) | INT | INT
- | ({0} - {1}) | INT | INT
* | ({0} * {1}) | INT | INT
/ | ({0} / NULLIF({1}, 0)) | INT | INT
% | ({0} % NULLIF({1}, 0)) | INT | INT
unary - | (- {0}) | INT
CHAR_LENGTH | CHAR_LENGTH({0}) | STRING
POSITION | POSITION({0} IN {1}) | STRING | STRING
LOCATE | LOCATE({0}, {1}, 2) | STRING | STRING
CARDINALITY | CARDINALITY({0}) | ARRAY<INT>
CARDINALITY map | CARDINALITY({0}) | MAP<STRING, INT>
array access | {0}[1] | ARRAY<INT>
map access | {0}['a'] | MAP<STRING, INT>
row access | ({0}).p | ROW<p INT, q STRING>
CARDINALITY | CARDINALITY({0}) | ARRAY<ROW<u INT, w STRING>>
nested access | ({0}[1]).u | ARRAY<ROW<u INT, w STRING>>
nested access | ({0}).a[1] | ROW<a ARRAY<INT>, b ROW<c BIGINT>>
CAST | CAST({0} AS INT) | SMALLINT
CAST | CAST({0} AS INT) | BIGINT
CAST | CAST({0} AS INT) | BOOLEAN
CAST | CAST({0} AS INT) | DECIMAL(10, 2)
TRY_CAST | TRY_CAST({0} AS INT) | STRING
ASCII | ASCII({0}) | STRING
""",
    "BIGINT": """
+ | ({0} + {1}) | BIGINT | BIGINT
- | ({0} - {1}) | BIGINT | INT
* | ({0} * {1}) | BIGINT | INT
/ | ({0} / NULLIF({1}, 0)) | BIGINT | BIGINT
MOD | MOD({0}, NULLIF({1}, 0)) | BIGINT | BIGINT
CAST | CAST({0} AS BIGINT) | INT
CAST | CAST({0} AS BIGINT) | DECIMAL(20, 4)
CAST | CAST({0} AS BIGINT) | TINYINT
EXTRACT YEAR | EXTRACT(YEAR FROM {0}) | TIMESTAMP(3)
EXTRACT MONTH | EXTRACT(MONTH FROM {0}) | DATE
EXTRACT DAY | EXTRACT(DAY FROM {0}) | TIMESTAMP(3)
EXTRACT DOW | EXTRACT(DOW FROM {0}) | DATE
EXTRACT DOY | EXTRACT(DOY FROM {0}) | DATE
EXTRACT HOUR | EXTRACT(HOUR FROM {0}) | TIMESTAMP(3)
EXTRACT SECOND | EXTRACT(SECOND FROM {0}) | TIMESTAMP(3)
EXTRACT QUARTER | EXTRACT(QUARTER FROM {0}) | DATE
EXTRACT WEEK | EXTRACT(WEEK FROM {0}) | DATE
nested access | ({0}).b.c | ROW<a ARRAY<INT>, b ROW<c BIGINT>>
HOUR | HOUR({0}) | TIME(0)
DAYOFMONTH | DAYOFMONTH({0}) | DATE
TIMESTAMPDIFF | CAST(TIMESTAMPDIFF(SECOND, {0}, {1}) AS BIGINT) | TIMESTAMP(3) | TIMESTAMP(3)
TIMESTAMPDIFF | CAST(TIMESTAMPDIFF(MONTH, {0}, {1}) AS BIGINT) | TIMESTAMP(3) | TIMESTAMP(3)
FLOOR | CAST(FLOOR({0}) AS BIGINT) | DECIMAL(10, 2)
CEIL | CAST(CEIL({0}) AS BIGINT) | DECIMAL(10, 2)
""",
    "FLOAT": """
CAST | CAST({0} AS FLOAT) | INT
+ | ({0} + {1}) | FLOAT | FLOAT
* | ({0} * {1}) | FLOAT | FLOAT
ABS | ABS({0}) | FLOAT
""",
    "DOUBLE": """
+ | ({0} + {1}) | DOUBLE | DOUBLE
- | ({0} - {1}) | DOUBLE | FLOAT
* | ({0} * {1}) | DOUBLE | INT
/ | ({0} / NULLIF({1}, 0)) | DOUBLE | DOUBLE
ABS | ABS({0}) | DOUBLE
FLOOR | FLOOR({0}) | DOUBLE
CEIL | CEIL({0}) | DOUBLE
ROUND | ROUND({0}, 2) | DOUBLE
SQRT | SQRT(ABS({0})) | DOUBLE
POWER | POWER({0}, 2) | DOUBLE
SIN | SIN({0}) | DOUBLE
CAST | CAST({0} AS DOUBLE) | INT
CAST | CAST({0} AS DOUBLE) | DECIMAL(10, 2)
TRY_CAST | TRY_CAST({0} AS DOUBLE) | STRING
""",
    "DECIMAL(10, 2)": """
CAST | CAST({0} AS DECIMAL(10, 2)) | SMALLINT
+ | CAST({0} + {1} AS DECIMAL(10, 2)) | DECIMAL(10, 2) | DECIMAL(10, 2)
- | CAST({0} - {1} AS DECIMAL(10, 2)) | DECIMAL(10, 2) | INT
ROUND | CAST(ROUND({0}, 1) AS DECIMAL(10, 2)) | DECIMAL(10, 2)
ABS | ABS({0}) | DECIMAL(10, 2)
TRY_CAST | TRY_CAST({0} AS DECIMAL(10, 2)) | STRING
""",
    "DECIMAL(20, 4)": """
* | CAST({0} * {1} AS DECIMAL(20, 4)) | DECIMAL(10, 2) | DECIMAL(10, 2)
* | CAST({0} * {1} AS DECIMAL(20, 4)) | DECIMAL(20, 4) | INT
/ | CAST({0} / NULLIF({1}, 0) AS DECIMAL(20, 4)) | DECIMAL(20, 4) | DECIMAL(10, 2)
+ | CAST({0} + {1} AS DECIMAL(20, 4)) | DECIMAL(20, 4) | BIGINT
MOD | CAST(MOD({0}, NULLIF({1}, 0)) AS DECIMAL(20, 4)) | DECIMAL(20, 4) | INT
CAST | CAST({0} AS DECIMAL(20, 4)) | DECIMAL(10, 2)
CAST | CAST({0} AS DECIMAL(20, 4)) | BIGINT
""",
    "STRING": """
UPPER | UPPER({0}) | STRING
LOWER | LOWER({0}) | STRING
\\|\\| | ({0} \\|\\| {1}) | STRING | STRING
CONCAT | CONCAT({0}, {1}, 'x') | STRING | STRING
CONCAT_WS | CONCAT_WS('-', {0}, {1}) | STRING | STRING
SUBSTRING | SUBSTRING({0}, 2) | STRING
SUBSTRING | SUBSTRING({0}, {1}, 3) | STRING | INT
TRIM | TRIM({0}) | STRING
TRIM LEADING | TRIM(LEADING 'a' FROM {0}) | STRING
REPLACE | REPLACE({0}, 'a', {1}) | STRING | STRING
REVERSE | REVERSE({0}) | STRING
LPAD | LPAD({0}, 5, 'z') | STRING
RPAD | RPAD({0}, 4, 'yz') | STRING
LEFT | LEFT({0}, 2) | STRING
RIGHT | RIGHT({0}, 2) | STRING
REPEAT | REPEAT({0}, 2) | STRING
INITCAP | INITCAP({0}) | STRING
OVERLAY | OVERLAY({0} PLACING 'QQ' FROM 2) | STRING
REGEXP_REPLACE | REGEXP_REPLACE({0}, '[a-b]+', '#') | STRING
REGEXP_EXTRACT | REGEXP_EXTRACT({0}, '([a-z])([a-z]*)', 2) | STRING
SPLIT_INDEX | SPLIT_INDEX({0}, 'b', 1) | STRING
MD5 | MD5({0}) | STRING
NULLIF | NULLIF({0}, {1}) | STRING | STRING
row access | ({0}).q | ROW<p INT, q STRING>
CAST | CAST({0} AS STRING) | INT
CAST | CAST({0} AS STRING) | BIGINT
CAST | CAST({0} AS STRING) | BOOLEAN
CAST | CAST({0} AS STRING) | DECIMAL(20, 4)
CAST | CAST({0} AS STRING) | DOUBLE
CAST | CAST({0} AS STRING) | DATE
CAST | CAST({0} AS STRING) | TIME(0)
CAST | CAST({0} AS STRING) | TIMESTAMP(3)
CAST | CAST({0} AS STRING) | VARCHAR(6)
CAST | CAST({0} AS STRING) | ARRAY<INT>
CAST | CAST({0} AS STRING) | CHAR(3)
\\|\\| | ({0} \\|\\| {1}) | CHAR(3) | STRING
UPPER | UPPER({0}) | CHAR(3)
CAST | CAST({0} AS STRING) | TIMESTAMP(9)
nested access | ({0}[1]).w | ARRAY<ROW<u INT, w STRING>>
DATE_FORMAT | DATE_FORMAT({0}, 'yyyy-MM-dd HH:mm') | TIMESTAMP(3)
""",
    "VARCHAR(6)": """
CAST | CAST({0} AS VARCHAR(6)) | STRING
""",
    "BYTES": """
CAST | CAST({0} AS BYTES) | STRING
CAST | CAST({0} AS BYTES) | BINARY(2)
""",
    "DATE": """
CAST | CAST({0} AS DATE) | TIMESTAMP(3)
+ interval | ({0} + INTERVAL '3' DAY) | DATE
- interval | ({0} - {1}) | DATE | INTERVAL YEAR TO MONTH
TRY_CAST | TRY_CAST({0} AS DATE) | STRING
""",
    "TIME(0)": """
CAST | CAST({0} AS TIME(0)) | TIMESTAMP(3)
""",
    "TIMESTAMP(3)": """
CAST | CAST({0} AS TIMESTAMP(3)) | DATE
+ interval | ({0} + {1}) | TIMESTAMP(3) | INTERVAL DAY TO SECOND
- interval | ({0} - {1}) | TIMESTAMP(3) | INTERVAL YEAR TO MONTH
CAST | CAST({0} AS TIMESTAMP(3)) | TIMESTAMP(9)
FLOOR | FLOOR({0} TO HOUR) | TIMESTAMP(3)
FLOOR | FLOOR({0} TO MONTH) | TIMESTAMP(3)
CEIL | CEIL({0} TO DAY) | TIMESTAMP(3)
TIMESTAMPADD | TIMESTAMPADD(DAY, 2, {0}) | TIMESTAMP(3)
CAST | CAST({0} AS TIMESTAMP(3)) | TIMESTAMP_LTZ(3)
""",
    "TIMESTAMP(6)": """
+ interval | ({0} + {1}) | TIMESTAMP(6) | INTERVAL DAY TO SECOND
CAST | CAST({0} AS TIMESTAMP(6)) | TIMESTAMP(9)
""",
    "TIMESTAMP_LTZ(3)": """
CAST | CAST({0} AS TIMESTAMP_LTZ(3)) | TIMESTAMP(3)
""",
    "ARRAY<INT>": """
ARRAY | ARRAY[{0}, {1}] | INT | INT
ARRAY_DISTINCT | ARRAY_DISTINCT({0}) | ARRAY<INT>
ARRAY_REVERSE | ARRAY_REVERSE({0}) | ARRAY<INT>
""",
    "ROW<p INT, q STRING>": """
ROW | CAST(ROW({0}, {1}) AS ROW<p INT, q STRING>) | INT | STRING
""",
}

FORMS: dict[str, list[Form]] = _table()
