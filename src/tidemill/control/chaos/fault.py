"""What a fault is: how its arguments are drawn, and how it is injected and healed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from random import Random
from typing import TypeAlias

from tidemill.control.chaos.scene import Scene
from tidemill.records import dataclass

Given: TypeAlias = Mapping[str, str]
WINDOWS, CDC, PROJECT = "windows", "cdc", "project"
"""The pipelines that are hurt: the two that are built in, and one of the project."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault.

    Args:
        name: its name in schedules and tables.
        says: what happens, in a clause; for docs and help.
        inject: entered, it injects the fault; left, it heals it. The engine recovers afterwards.
        hold_s: between which lengths it is held.
        draw: its arguments for one time, from the schedule's generator alone.
        weight: how often it comes among the others.
        missing: why it cannot be had in this scene, in a clause; None: it can.
        pipelines: which pipelines it can hurt.
    """

    name: str
    says: str
    inject: Callable[[Scene, Given], AbstractContextManager[None]]
    hold_s: tuple[float, float] = (0.0, 0.0)
    draw: Callable[[Random], dict[str, str]] = lambda _: {}
    weight: int = 1
    missing: Callable[[Scene], str | None] = lambda _: None
    pipelines: tuple[str, ...] = (WINDOWS, CDC, PROJECT)
