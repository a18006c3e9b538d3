"""What the decorators note down, and what they refuse."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import tidemill.functions
from tidemill.functions import AggregateFunction, Row, ScalarFunction, udaf, udf, udtf
from tidemill.functions.types import arrow_type, read_type


def test_types_come_from_annotations() -> None:
    def f(
        a: str, b: int | None, c: float, d: bool, e: bytes, g: decimal.Decimal,
        h: datetime.date, i: datetime.time, j: datetime.datetime, k: list[int],
        m: dict[str, list[str] | None],
    ) -> int | None: ...  # fmt: skip

    declared = udf(f)
    assert declared.input_types == (
        "STRING", "BIGINT", "DOUBLE", "BOOLEAN", "BYTES", "DECIMAL(38, 18)", "DATE", "TIME",
        "TIMESTAMP(6)", "ARRAY<BIGINT>", "MAP<STRING, ARRAY<STRING>>",
    )  # fmt: skip
    assert declared.result_types == ("BIGINT",)
    assert (declared.kind, declared.name, declared.deterministic) == ("scalar", "f", True)


def test_given_types_win_and_none_means_any() -> None:
    @udf(input_types="INT", result_type="STRING", deterministic=False, name="mine")
    def f(a: str) -> int: ...

    assert (f.input_types, f.result_types) == (("INT",), ("STRING",))
    assert (f.name, f.deterministic) == ("mine", False)
    assert udf(lambda a, b: a, result_type="INT").input_types is None
    assert udf(lambda: 1, result_type="INT").input_types == ()
    assert udf(lambda *all_: 1, result_type="INT").input_types is None


def test_objects_are_functions_too_and_all_can_be_called() -> None:
    class Add(ScalarFunction):
        def is_deterministic(self) -> bool:
            return False

        def eval(self, a: int, b: int) -> int:
            return a + b

    add = udf(Add())
    assert (add.input_types, add.deterministic) == (("BIGINT", "BIGINT"), False)
    assert add(1, 2) == 3
    assert udtf(lambda a: [a], result_types=["INT"])(1) == [1]


class Total(AggregateFunction):
    def create_accumulator(self) -> Any:
        return [0]

    def accumulate(self, accumulator: Any, value: int) -> None:
        accumulator[0] += value

    def get_value(self, accumulator: Any) -> Any:
        return accumulator[0]


def _partly(a: int, b) -> int: ...  # type: ignore[no-untyped-def]


def _odd(a: complex) -> int: ...


def _arrow(a, b):  # type: ignore[no-untyped-def]
    ...


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: udf(_partly), "_partly has no type for its argument b"),
        (lambda: udf(_odd), "_odd: no Flink type for complex"),
        (lambda: udf(lambda a: a), "has no result type"),
        (lambda: udf(Total, result_type="INT"), "Total is a class: give an object, Total()"),
        (lambda: udf(3, result_type="INT"), "int is no function"),
        (lambda: udf(_arrow, result_type="INT", func_type="arrow"), "needs input_types"),
        (lambda: udf(_arrow, ["INT", "ROW<a INT>"], "INT", func_type="arrow"),
         "do not take the type ROW<a INT>"),
        (lambda: udf(_arrow, result_type="INT", func_type="pandas"),
         "must be general or arrow, not 'pandas'"),
        (lambda: udtf(_arrow), "has no result types"),
        (lambda: udaf(_arrow), "_arrow is no AggregateFunction object"),
        (lambda: udaf(Total(), result_type="INT"), "no result_type or no accumulator_type"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_says_what_is_missing(declare: Callable[[], Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        declare()
    assert message in str(caught.value)


def test_an_aggregate_cannot_retract_or_merge_unless_it_says_how() -> None:
    declared = udaf(Total(), result_type="BIGINT", accumulator_type="ARRAY<BIGINT>")
    assert declared.input_types == ("BIGINT",)
    with pytest.raises(TypeError, match="cannot take rows back"):
        declared.function.retract([0], 1)
    with pytest.raises(TypeError, match="cannot be merged"):
        declared.function.merge([0], [[1]])


def test_rows_have_places_and_names() -> None:
    row = Row(a=1, b="x")
    assert (row[0], row["b"], row.b, len(row), list(row)) == (1, "x", "x", 2, [1, "x"])
    row["a"] = 5
    assert row.as_dict() == {"a": 5, "b": "x"}
    assert row.get_fields_by_names(["b", "a"]) == ["x", 5]
    assert Row(1, "x").get_fields_by_names(["b", "a"]) == [1, "x"]
    assert (repr(row), repr(Row(1, "x"))) == ("Row(a=5, b='x')", "Row(1, 'x')")
    assert Row(1, 2) == Row(a=1, b=2)
    with pytest.raises(KeyError):
        row["c"]
    with pytest.raises(AttributeError):
        row.c  # noqa: B018
    with pytest.raises(ValueError, match="either values or named"):
        Row(1, a=2)


def test_types_are_read_without_flink() -> None:
    found = read_type("ROW<`a b` DECIMAL(10, 2) NOT NULL, m MAP<STRING, INT ARRAY>> NOT NULL")
    assert (found.root, found.names, found.nullable) == ("ROW", ["a b", "m"], False)
    assert (found.parts[0].numbers, found.parts[0].nullable) == ([10, 2], False)
    assert found.parts[1].parts[1].root == "ARRAY"
    assert read_type("TIMESTAMP(3) WITH LOCAL TIME ZONE").root == "TIMESTAMP_LTZ"
    assert read_type("DOUBLE PRECISION").root == "DOUBLE"
    assert arrow_type("decimal(8, 2)") == pa.decimal128(8, 2)
    assert arrow_type("TIMESTAMP(9)") == pa.timestamp("ns")
    for wrong in ("", "INT INT", "ARRAY<INT", "INT;", "ROW<a>"):
        with pytest.raises(TypeError):
            read_type(wrong)


def test_the_package_needs_nothing_else(tmp_path: Path) -> None:
    """As it travels to Flink: alone, in a folder of its own."""
    package = Path(str(tidemill.functions.__file__)).parent
    target = tmp_path / "tidemill" / "functions"
    target.mkdir(parents=True)
    (tmp_path / "tidemill" / "__init__.py").write_text("")
    for file in package.glob("*.py"):
        (target / file.name).write_text(file.read_text())
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from tidemill.functions import udf;"
        "print(udf(lambda: 1, result_type='INT').kind, sorted(m for m in sys.modules "
        "if m.startswith('tidemill') or m in ('pyarrow', 'numpy')))"
    )
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(tmp_path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.startswith("scalar ['tidemill', 'tidemill.functions'")
    assert "pyarrow" not in said and "numpy" not in said
