"""What the expressions of `faker` make, and what is refused."""

from __future__ import annotations

import ipaddress
import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.connectors.datagen.scalars import Clock
from tidemill.connectors.faker.connector import CONNECTOR
from tidemill.connectors.faker.fields import Expressions, field_generator
from tidemill.connectors.faker.providers import METHODS
from tidemill.connectors.faker.regexify import regexify
from tidemill.errors import ProjectError
from tidemill.interfaces.connector import JobContext
from tidemill.model import Column, DataType, Schema, TableDescriptor
from tidemill.model import types as t
from tidemill.model.types import DataType as Type
from tidemill.model.types import TypeRoot
from tidemill.sql.binder.columns import type_of_text

JOB = JobContext("job", {})
NOW = Clock(1_800_000_000_000_000)


def made(type_: DataType, count: int = 200, **options: str) -> list[Any]:
    """Values of a field `f`, whose options are under `f.` unless they name a part."""
    texts = {f"f.{k.replace('__', '.').replace('_', '-')}": v for k, v in options.items()}
    values = field_generator(type_, "f", Expressions(texts, 3))(0, count, NOW)
    assert values.type == type_.arrow() and len(values) == count
    return values.to_pylist()


def text(expression: str) -> list[str]:
    return made(t.STRING, expression=expression)


def test_expressions_are_texts_with_calls_in_them() -> None:
    assert set(text("-")) == {"-"}
    lines = text("#{regexify '(GET|POST){1}'} #{regexify '(/a\\.html|b){1}'} HTTP/1\\.1")
    assert {line.split()[0] for line in lines} == {"GET", "POST"}
    assert {line.split()[1] for line in lines} == {"/a.html", "b"}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_of_the_library_is_there(method: str) -> None:
    assert len(set(text(f"#{{{method}}}"))) > 1


def test_names_are_known_in_all_their_spellings() -> None:
    assert text("#{Name.first_name}") == text("#{name.firstName}")


def test_numbers() -> None:
    assert set(made(t.INT, expression="#{number.numberBetween '1','4'}")) == {1, 2, 3}
    price = made(t.decimal(6, 2), expression="#{Number.randomDouble '2','-1','1'}")
    assert all(-1 <= p <= 1 for p in price) and len(set(price)) > 50
    assert made(t.DOUBLE, expression="#{number.randomDouble '4','0','10'}")[0] <= 10
    assert set(made(t.BOOLEAN, expression="#{bool.bool}")) == {True, False}
    assert set(made(t.INT, expression="#{regexify '(1|2|3){1}'}")) == {1, 2, 3}


def test_identifiers() -> None:
    ids = text("#{Internet.uuid}")
    assert len(set(ids)) == 200 and {uuid.UUID(i).version for i in ids} == {4}
    assert all(ipaddress.ip_address(i).is_global for i in text("#{Internet.publicIpV4Address}"))
    assert all(re.fullmatch("[0-9a-f]{32}", i) for i in text("#{crypto.md5}"))
    assert all(re.fullmatch("[a-z]{4}[0-9]{2}@x", i) for i in text("#{bothify '????##@x'}"))


def test_times_lie_where_they_are_said_to() -> None:
    def away_s(expression: str) -> list[float]:
        values = made(t.timestamp_ltz(3), expression=expression)
        return [value.timestamp() - 1_800_000_000 for value in values]

    assert all(-15 <= a <= -5 for a in away_s("#{date.past '15','5','SECONDS'}"))
    assert all(0 <= a <= 86_400 * 3 for a in away_s("#{date.future '3' 'DAYS'}"))
    born = made(t.DATE, expression="#{date.birthday '20','22'}")
    assert {day.year for day in born} <= {2004, 2005, 2006, 2007}


def test_nulls_rows_arrays_and_maps() -> None:
    some = made(t.STRING, 2000, expression="x", null_rate="0.25")
    assert 400 < some.count(None) < 600
    pair = type_of_text("ROW<a INT, b STRING>")
    row = made(pair, a__expression="#{number.digit}", b__expression="y")
    assert all(r["b"] == "y" and 0 <= r["a"] <= 9 for r in row)
    arrays = made(Type(TypeRoot.ARRAY, element=t.STRING), expression="#{number.digit}", length="3")
    assert {len(a) for a in arrays} == {3} and len({tuple(a) for a in arrays}) > 50
    maps = made(
        Type(TypeRoot.MAP, key=t.STRING, value=t.INT),
        key__expression="#{Internet.uuid}", value__expression="1", length="2",
    )  # fmt: skip
    assert {len(m) for m in maps} == {2}


@given(st.integers(0, 300), st.integers(1, 50), st.sampled_from([
    "#{Name.fullName}", "#{regexify '([a-c]{2,4}|x\\d+)?y'}", "#{Internet.uuid}",
    "#{number.numberBetween '-5','5'}", "#{Commerce.productName}",
]))  # fmt: skip
def test_a_value_depends_on_its_index_alone(start: int, count: int, expression: str) -> None:
    generate = field_generator(t.STRING, "f", Expressions({"f.expression": expression}, 3))
    whole = generate(0, start + count, NOW).to_pylist()
    assert generate(start, count, NOW).to_pylist() == whole[start:]


@given(st.from_regex(r"\A[a-c]{0,3}(\((x|y\|?)\){0,1})?[0-9]?\Z"))
def test_what_a_pattern_makes_matches_it(pattern: str) -> None:
    try:
        values = regexify(pattern, 1, "p")(0, 20, NOW).to_pylist()
    except ValueError:
        return
    assert all(re.fullmatch(pattern, value) for value in values)


@pytest.mark.parametrize(
    "pattern",
    [
        "(GET|POST){1}",
        "[a-f0-9]{8}",
        "a?b*c+",
        "(PL)[0-9]{5}",
        r"\d{2}:\w",
        "(a|(b|c)d){2,3}",
        "[.x-]",
    ],
)
def test_patterns(pattern: str) -> None:
    values = regexify(pattern, 1, "p")(0, 300, NOW).to_pylist()
    assert all(re.fullmatch(pattern, value) for value in values)


@pytest.mark.parametrize(
    ("options", "needle"),
    [
        ({}, "fields.f.expression"),
        ({"fields.f.expression": "#{harry_potter.character}"}, "regexify"),
        ({"fields.f.expression": "#{Name.firstNme}"}, "name.firstname"),
        ({"fields.f.expression": "#{number.numberBetween '1'}"}, "2 whole numbers"),
        ({"fields.f.expression": "#{regexify '(a'}"}, "not closed"),
        ({"fields.f.expression": "#{regexify 'a{9999}'}"}, "9999"),
        ({"fields.f.expression": "#{date.past '1','DAYS'}"}, "makes a time"),
        ({"fields.f.expression": "#{Name"}, "not written as"),
        ({"fields.f.expression": "x", "fields.g.expression": "y"}, "no use"),
        ({"fields.f.expression": "x", "fields.f.null-rate": "2"}, "from 0 to 1"),
        ({"fields.f.expression": "x", "rows": "2"}, "rows"),
    ],
)
def test_what_is_refused(options: dict[str, str], needle: str) -> None:
    schema = Schema((Column("f", t.STRING),))
    table = TableDescriptor("t", schema, {"connector": "faker", **options})
    assert CONNECTOR.source_changelog is not None
    with pytest.raises(ProjectError) as caught:
        CONNECTOR.source_changelog(table, JOB)
    assert needle in caught.value.render()


@pytest.mark.parametrize(
    ("type_", "expression"),
    [
        (t.INT, "#{Name.fullName}"),
        (t.timestamp(3), "#{Name.fullName}"),
        (t.timestamp(3), "-"),
        (t.DataType(TypeRoot.VARBINARY, length=3), "x"),
    ],
)
def test_an_expression_of_another_type_is_refused(type_: DataType, expression: str) -> None:
    with pytest.raises(ProjectError):
        field_generator(type_, "f", Expressions({"f.expression": expression}, 3))
