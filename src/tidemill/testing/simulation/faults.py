"""What goes wrong in a seed's world, and how the sinks of its pipeline are laid out."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tidemill.engine import EngineSettings, crash_points
from tidemill.testing.simulation.sinks import Store
from tidemill.testing.simulation.world import Faults

_DEATHS = ("dies",) * 6 + ("dies, lost", "dies, torn", "dies, damaged")
_COMMITS = (
    "fails", "lost, then doubt", "done, then doubt", "late, then doubt",
    "done, then death", "late, then death",
)  # fmt: skip
_STEPS = ("stop", "clock jumps")
LAYOUTS = (
    ("atomic",),
    ("atomic", "idempotent"),
    ("atomic", "atomic"),
    ("idempotent", "atomic", "idempotent"),
    ("idempotent", "idempotent"),
    ("atomic", "forgetful"),
    ("forgetful",),
    ("at-once",),
    ("atomic", "at-once"),
    ("at-once", "idempotent", "at-once"),
)
"""Kinds of commit groups of a pipeline; a `forgetful` one cannot tell which epoch it holds."""


def draw_faults(rng: random.Random, deaths: Sequence[str] = _DEATHS) -> Faults:
    """Mostly one to three faults, early rather than late; sometimes a storm, sometimes none."""
    faults: Faults = {}
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 2, 3, 3, 8))):
        kind = rng.choices(
            ("point", "step", "commit", "sink", "source", "disk"), (7, 5, 5, 2, 2, 1)
        )
        occasion, fault, often = _draw(kind[0], rng, deaths)
        number = 1 + min(int(rng.expovariate(1 / often)), 10 * often)
        faults.setdefault((occasion, number), []).append(fault)
    return faults


def _draw(kind: str, rng: random.Random, deaths: Sequence[str]) -> tuple[str, str, int]:
    """An occasion, what happens there, and about how often there is one."""
    if kind == "point":
        return f"point {rng.choice(crash_points.POINTS)}", rng.choice(deaths), 3
    if kind == "step":
        return "step", rng.choice((*deaths[-4:], *_STEPS)), 20
    if kind == "commit":
        return "commit", rng.choice(_COMMITS), 4
    if kind == "sink":
        occasion, often = rng.choice((("open-sink", 2), ("write", 8), ("prepare", 4)))
        return occasion, "fails", often
    if kind == "source":
        occasion, often = rng.choice((("open-source", 2), ("read", 8)))
        return occasion, "fails", often
    return "disk", "full", 12


def draw_layout(rng: random.Random, tables: Sequence[str]) -> list[Store]:
    """The pipeline's tables, dealt out to commit groups."""
    layout = rng.choice(LAYOUTS)
    dealt: list[list[str]] = [[] for _ in layout]
    for number, table in enumerate(rng.sample(tables, len(tables))):
        dealt[number % len(layout)].append(table)
    return [
        Store(
            f"{kind} {number}",
            tuple(held),
            atomic=kind == "atomic",
            knows=kind != "forgetful",
            at_once=kind == "at-once",
        )
        for number, (kind, held) in enumerate(zip(layout, dealt, strict=True))
        if held
    ]


def draw_settings(rng: random.Random) -> EngineSettings:
    """Small batches and short epochs, or large and long ones; chains of few or many deltas."""
    return EngineSettings(
        epoch_interval_ms=rng.choice((1, 3, 10)),
        quiet_epoch_interval_ms=rng.choice((1, 10, 50)),
        commit_share_max=1e12,
        rows_min=64,
        rows_max=rng.choice((1, 1_000)),
        staged_bytes_max=rng.choice((1, 64 << 20)),
        checkpoints_kept=rng.choice((1, 2, 3)),
        deltas_max=rng.choice((1, 3, 64)),
        retry_first_ms=1,
        retry_longest_ms=10,
    )


PLAIN = EngineSettings(
    epoch_interval_ms=10**9,
    quiet_epoch_interval_ms=10**9,
    commit_share_max=1e12,
    rows_min=10**6,
    rows_max=10**6,
)
"""One epoch for everything."""
