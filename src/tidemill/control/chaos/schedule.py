"""Schedules: actions drawn from a seed, without end, and their lines.

A line is `wait=0.84 kill-at hold=0.00 point=mid-staging nth=2`, and after ` + ` a second fault.
The n-th action of a seed is the same wherever and however often it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from tidemill.control.chaos.fault import Fault
from tidemill.control.chaos.faults import FAULTS, SECONDS
from tidemill.control.chaos.model import Action, Step
from tidemill.errors import UsageError, did_you_mean

_WAIT_S = (0.05, 0.8)
_SECOND_AFTER_S = (0.0, 1.0)


def draw(seed: int, faults: Mapping[str, Fault], *, double: bool) -> Iterator[Action]:
    """Actions without end: every fault comes as often as its weight says, in rounds.

    With `double`, each comes alone and with a second fault in turn.
    """
    rng = Random(f"tidemill chaos {seed}")  # noqa: S311 - not a secret
    seconds = [faults[name] for name in SECONDS if name in faults]
    while True:
        deck = [
            (fault, second)
            for fault in faults.values()
            for second in ((False, True) if double and seconds else (False,))
            for _ in range(fault.weight)
        ]
        rng.shuffle(deck)
        for fault, doubled in deck:
            first = _step(fault, rng, _WAIT_S)
            second = _step(rng.choice(seconds), rng, _SECOND_AFTER_S) if doubled else None
            yield Action(first, second)


def line(action: Action) -> str:
    """The line of an action."""
    return " + ".join(_text(step) for step in (action.first, action.second) if step is not None)


def parse_schedule(lines: Sequence[str], file: str) -> tuple[Action, ...]:
    """The actions of a file's lines; empty lines and those after `#` say nothing."""
    found = []
    for number, text in enumerate(lines, start=1):
        plain = text.partition("#")[0].strip()
        if plain:
            parts = plain.split(" + ")
            if len(parts) > 2:
                raise _bad(file, number, "has more than two faults")
            steps = [_parsed(part, file, number) for part in parts]
            found.append(Action(steps[0], steps[1] if len(steps) > 1 else None))
    return tuple(found)


def _step(fault: Fault, rng: Random, wait_s: tuple[float, float]) -> Step:
    return Step(
        fault.name,
        round(rng.uniform(*wait_s), 2),
        round(rng.uniform(*fault.hold_s), 2),
        fault.draw(rng),
    )


def _text(step: Step) -> str:
    given = "".join(f" {key}={value}" for key, value in step.given.items())
    return f"wait={step.wait_s:.2f} {step.fault} hold={step.hold_s:.2f}{given}"


def _parsed(text: str, file: str, number: int) -> Step:
    words = text.split()
    names = [word for word in words if "=" not in word]
    if len(names) != 1:
        raise _bad(file, number, "names no fault, or several")
    if names[0] not in FAULTS:
        raise _bad(file, number, f"names the fault `{names[0]}`", did_you_mean(names[0], FAULTS))
    given = dict(word.split("=", 1) for word in words if "=" in word)
    try:
        wait_s, hold_s = float(given.pop("wait", "0")), float(given.pop("hold", "0"))
    except ValueError:
        raise _bad(file, number, "has a `wait` or `hold` that is no number of seconds") from None
    wanted = FAULTS[names[0]].draw(Random(0))  # noqa: S311 - for the names only
    if set(given) != set(wanted):
        raise _bad(file, number, f"must have: {', '.join(['wait', 'hold', *wanted])}")
    return Step(names[0], wait_s, hold_s, given)


def _bad(file: str, number: int, what: str, hint: str | None = None) -> UsageError:
    return UsageError(
        f"line {number} of {file} {what}",
        code="chaos.bad-schedule",
        hint=hint or "A line is as in the result: wait=0.50 kill-engine hold=0.00",
    )
