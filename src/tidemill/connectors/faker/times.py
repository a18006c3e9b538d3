"""Times as `date.past`, `date.future` and `date.birthday` make them, in epoch microseconds."""

from __future__ import annotations

import pyarrow as pa

from tidemill.connectors.datagen.randomness import Stream, uniform_int64
from tidemill.connectors.datagen.scalars import Clock, Generate
from tidemill.connectors.faker.expressions import ProviderCall

_UNITS_US = {
    "MICROSECONDS": 1, "MILLISECONDS": 1000, "SECONDS": 1_000_000, "MINUTES": 60_000_000,
    "HOURS": 3_600_000_000, "DAYS": 86_400_000_000,
}  # fmt: skip
_YEAR_US = 365 * _UNITS_US["DAYS"]
_AGES = (18, 65)


def time_generator(call: ProviderCall, stream: Stream) -> Generate | None:
    """The generator of a call for a time, as int64; None for another call; ValueError in words."""
    if call.key in ("date.past", "date.future"):
        low, high = _span(call)
        sign = -1 if call.key == "date.past" else 1
    elif call.key == "date.birthday":
        ages = tuple(int(a) for a in call.arguments) or _AGES
        if len(ages) != 2 or not 0 <= ages[0] <= ages[1]:
            raise ValueError("`date.birthday` takes the least and the greatest age, in years")
        low, high, sign = ages[0] * _YEAR_US, ages[1] * _YEAR_US, -1
    else:
        return None

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        away = uniform_int64(stream, start, count, low, high)
        return pa.array(clock.instants_us(start, count) + sign * away)

    return generate


def _span(call: ProviderCall) -> tuple[int, int]:
    """The least and the greatest distance from now."""
    *numbers, unit = call.arguments or ("",)
    factor = _UNITS_US.get(unit.upper())
    if factor is None or not 1 <= len(numbers) <= 2 or not all(n.isdecimal() for n in numbers):
        raise ValueError(
            f"`{call.written}` takes a number, perhaps a least one, and a unit, as in "
            "'15','5','SECONDS'"
        )
    most, least = int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else 0
    if least > most:
        raise ValueError(f"`{call.written}` has a least distance above the greatest")
    return least * factor, most * factor
