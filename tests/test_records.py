"""`tidemill.records.dataclass` beside the standard library's, with the same classes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar

import pytest

import tidemill.records

BOTH = [tidemill.records.dataclass, dataclasses.dataclass]
Decorator = Callable[..., Any]


def made(dataclass: Decorator) -> dict[str, Any]:
    """Classes of every kind that the product has."""

    @dataclass(frozen=True, slots=True)
    class Point:
        """A point."""

        kind: ClassVar[str] = "flat"
        x: int
        y: int = 2
        seen: list[int] = field(default_factory=list, compare=False)
        hidden: int = field(default=0, repr=False)

        def moved(self, by: int) -> Point:
            return dataclasses.replace(self, x=self.x + by)

    @dataclass(frozen=True, slots=True)
    class Place(Point):
        name: str = ""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Named:
        name: str
        length: int = field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

    @dataclass(frozen=True, slots=True, eq=False)
    class Alone:
        x: int

    @dataclass
    class Open:
        x: int = 1
        more: dict[str, int] = field(default_factory=dict)

    @dataclass(slots=True)
    class Own:
        x: int

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True)
    class FailedError(Exception):
        why: str

    @dataclass(frozen=True, slots=True)
    class Nothing:
        pass

    return {
        one.__name__: one for one in (Point, Place, Named, Alone, Open, Own, FailedError, Nothing)
    }


OURS, THEIRS = map(made, BOTH)


@pytest.fixture(params=[OURS, THEIRS], ids=["ours", "standard"])
def classes(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def test_fields_defaults_and_text(classes: dict[str, Any]) -> None:
    point, place = classes["Point"](1), classes["Place"](1, name="a")
    assert repr(point).endswith("Point(x=1, y=2, seen=[])")
    assert repr(place).endswith("Place(x=1, y=2, seen=[], name='a')")
    assert [f.name for f in dataclasses.fields(place)] == ["x", "y", "seen", "hidden", "name"]
    assert classes["Point"](1).seen is not point.seen
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "seen": [], "hidden": 0}
    assert point.moved(4).x == 5
    assert classes["Point"].__doc__ == "A point."
    assert repr(classes["Own"](1)) == "own"


def test_what_is_equal(classes: dict[str, Any]) -> None:
    point = classes["Point"]
    assert point(1, seen=[1]) == point(1, seen=[2])
    assert point(1) != point(2)
    assert point(1) != classes["Place"](1)
    assert point(1) != 1
    assert hash(point(1)) == hash(point(1, seen=[3]))
    assert classes["Alone"](1) != classes["Alone"](1)
    assert len({classes["Alone"](1), classes["Alone"](1)}) == 2
    assert classes["Nothing"]() == classes["Nothing"]()
    assert hash(classes["Own"](1)) == 7
    with pytest.raises(TypeError, match="unhashable"):
        hash(classes["Open"]())


def test_what_is_refused(classes: dict[str, Any]) -> None:
    point = classes["Point"](1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    with pytest.raises(TypeError, match=r"Point.__init__\(\) missing 1 required positional"):
        classes["Point"]()
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        classes["Point"](1, z=2)
    with pytest.raises(TypeError, match="positional"):
        classes["Named"]("a")
    assert not hasattr(point, "__dict__")
    opened = classes["Open"]()
    opened.x = 3
    assert opened.x == 3


def test_after_init_and_subclasses(classes: dict[str, Any]) -> None:
    assert classes["Named"](name="abc").length == 3

    class Further(classes["Open"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(5)
            self.further = 6

    assert (Further().x, Further().further) == (5, 6)
    with pytest.raises(classes["FailedError"]) as caught:
        raise classes["FailedError"]("so")
    assert caught.value.why == "so"


def test_copies(classes: dict[str, Any]) -> None:
    point = classes["Place"](1, seen=[1], name="a")
    again = copy.deepcopy(point)
    assert again == point
    assert again.seen is not point.seen
    assert copy.copy(point).seen is point.seen
    assert point.__getstate__() == [1, 2, [1], 0, "a"]


def test_nothing_is_compiled_before_the_first_object() -> None:
    late = made(tidemill.records.dataclass)["Point"]
    assert "x" not in inspect.signature(late).parameters
    late(1)
    assert list(inspect.signature(late).parameters) == ["x", "y", "seen", "hidden"]
