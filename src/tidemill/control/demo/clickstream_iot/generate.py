"""Devices of some buildings, what they measure, and who clicks on them; the same for a seed.

Each device measures every fifteen seconds, plus what its calibration will take off again. Now and
then one is calibrated anew or moved to another site: a change in Postgres, valid from its
`updated_at` on. People look at devices, acknowledge alarms and set targets, to which the device
then drifts. Readings and clicks arrive up to eight seconds late, so out of order.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tidemill.records import dataclass

BEGIN = datetime(2026, 6, 1, 6)  # noqa: DTZ001 - the buildings' wall clock, as TIMESTAMP(3)
DEVICES, USERS = 40, 60
READ_EVERY_S = 15
PER_MINUTE = DEVICES * 60 // READ_EVERY_S
LATE_S_MAX = 8.0
CLOCK = "~clock"
"""The row that is touched every minute, so that event time of the changes goes on."""

_SITES = ("harbour", "old town", "airport", "campus", "mill")
_KINDS = (
    ("thermostat", ("T-100", "T-200"), 21.0),
    ("hygrometer", ("H-7",), 45.0),
    ("power meter", ("P-32", "P-63"), 230.0),
    ("co2 sensor", ("C-1",), 650.0),
)
_ACTIONS = ("view", "view", "view", "view", "acknowledge", "set_target")


@dataclass(frozen=True, slots=True)
class Device:
    """A row of the table `devices`."""

    device_id: str
    kind: str
    model: str
    site: str
    calibration: Decimal
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a topic, as its JSON's fields; `key` is the device."""

    arrived_at: datetime
    key: str
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class Minute:
    """What happens in one minute: changes of devices, then messages in the order of arrival."""

    number: int
    changes: tuple[Device, ...]
    readings: tuple[Message, ...]
    clicks: tuple[Message, ...]


class Buildings:
    """The devices and the people of one seed.

    Minutes are made in order, from the first on; what has happened so far decides what comes.
    """

    def __init__(self, seed: int) -> None:
        self._drawn = random.Random(f"buildings {seed}")  # noqa: S311 - made-up data
        self.devices = [self._device(i) for i in range(DEVICES)]
        self._level = {d.device_id: self._base(d) for d in self.devices}
        self._ids = {"reading": 0, "click": 0}
        self._people: list[tuple[datetime, int, int]] = []

    def minutes(self, count: int) -> Iterator[Minute]:
        """So many minutes; what arrives after one is in the next, and in none after the last."""
        readings: list[Message] = []
        clicks: list[Message] = []
        for number in range(count):
            begin = BEGIN + timedelta(minutes=number)
            changes = self._changes(begin, first=number == 0)
            readings += self._readings(begin)
            clicks += self._clicks(begin)
            now = (_arrived(readings, begin), _arrived(clicks, begin))
            readings, clicks = readings[len(now[0]) :], clicks[len(now[1]) :]
            yield Minute(number, changes, *now)

    def _device(self, number: int) -> Device:
        kind, models, _ = _KINDS[number % len(_KINDS)]
        return Device(
            f"device-{number:03d}", kind, self._drawn.choice(models), self._drawn.choice(_SITES),
            self._calibration(), BEGIN - timedelta(days=30, minutes=number),
        )  # fmt: skip

    def _calibration(self) -> Decimal:
        return Decimal(f"{self._drawn.gauss(0, 0.8):.2f}")

    def _base(self, device: Device) -> float:
        return next(base for kind, _, base in _KINDS if kind == device.kind)

    def _changes(self, begin: datetime, *, first: bool) -> tuple[Device, ...]:
        """The changes of one minute, in the order of their times; the clock's row is the last."""
        clock = Device(CLOCK, "clock", "", "", Decimal("0.00"), begin + timedelta(seconds=59))
        if first:
            return (*self.devices, clock)
        found = []
        for second in sorted(self._drawn.sample(range(1, 58), k=self._drawn.choice((0, 1, 2, 3)))):
            at = begin + timedelta(seconds=second, milliseconds=self._drawn.randrange(1000))
            number = self._drawn.randrange(DEVICES)
            old = self.devices[number]
            moved = self._drawn.random() < 0.5
            site = self._drawn.choice(_SITES) if moved else old.site
            calibration = old.calibration if moved else self._calibration()
            new = Device(old.device_id, old.kind, old.model, site, calibration, at)
            self.devices[number] = new
            found.append(new)
        return (*found, clock)

    def _readings(self, begin: datetime) -> Iterator[Message]:
        for number, device in enumerate(self.devices):
            for slot in range(60 // READ_EVERY_S):
                seconds = slot * READ_EVERY_S + (number * 7 % READ_EVERY_S)
                at = begin + timedelta(seconds=seconds, milliseconds=self._drawn.randrange(1000))
                base = self._base(device)
                level = self._level[device.device_id]
                level += 0.1 * (base * (1 + 0.02 * math.sin(at.hour / 4)) - level)
                level += self._drawn.gauss(0, base / 400)
                self._level[device.device_id] = level
                measured = Decimal(f"{level:.2f}") - device.calibration
                yield self._message("reading", at, device.device_id, {"measured": str(measured)})

    def _clicks(self, begin: datetime) -> Iterator[Message]:
        """Some people come, look at a device after the other, and go."""
        for _ in range(self._drawn.choice((0, 1, 1, 2))):
            at = begin + timedelta(milliseconds=self._drawn.randrange(60_000))
            self._people.append((at, self._drawn.randrange(USERS), self._drawn.randrange(3, 15)))
        staying = []
        end = begin + timedelta(minutes=1)
        for at, user, left in self._people:
            while left and at < end:
                device = self._drawn.choice(self.devices)
                action = self._drawn.choice(_ACTIONS)
                if action == "set_target":
                    self._level[device.device_id] *= 1 + self._drawn.gauss(0, 0.01)
                yield self._message(
                    "click", at, device.device_id, {"user_id": user, "action": action}
                )
                at += timedelta(milliseconds=self._drawn.randrange(2_000, 40_000))
                left -= 1
            if left:
                staying.append((at, user, left))
        self._people = staying

    def _message(self, kind: str, at: datetime, device: str, fields: dict[str, object]) -> Message:
        self._ids[kind] += 1
        late = timedelta(seconds=self._drawn.uniform(0.05, LATE_S_MAX))
        return Message(
            at + late, device,
            {
                f"{kind}_id": self._ids[kind], "device_id": device, **fields,
                "event_time": at.isoformat(" ", "milliseconds"),
            },
        )  # fmt: skip


def _arrived(waiting: list[Message], begin: datetime) -> tuple[Message, ...]:
    """Those that have arrived by the end of a minute, in their order; they come first then."""
    waiting.sort(key=lambda message: message.arrived_at)
    end = begin + timedelta(minutes=1)
    return tuple(message for message in waiting if message.arrived_at < end)
