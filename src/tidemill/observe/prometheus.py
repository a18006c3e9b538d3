"""Metrics in Prometheus's text format, version 0.0.4: families of samples, written whole.

Names and labels are the caller's; their rules are checked here, so that a scrape never fails.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Literal

from tidemill.records import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NAME = re.compile(r"[a-z_][a-z0-9_]*")

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(slots=True)
class Family:
    """All samples of one name; a counter's name ends in `_total`."""

    name: str
    kind: Kind
    help: str
    samples: list[tuple[str, Mapping[str, str], float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a metric")
        if (self.kind == "counter") is not self.name.endswith("_total"):
            raise ValueError(f"{self.name}: counters end in _total, and nothing else does")

    def add(self, value: float | None, **labels: str) -> None:
        """Add a sample; None adds nothing."""
        if value is not None:
            self.samples.append(("", labels, value))

    def observe(
        self, bounds: Sequence[float], buckets: Sequence[int], total: float, **labels: str
    ) -> None:
        """Add a histogram: counts per bucket (one more than bounds), and the sum of all values."""
        so_far = 0
        for bound, count in zip([*bounds, math.inf], buckets, strict=True):
            so_far += count
            self.samples.append(("_bucket", {**labels, "le": _number(bound)}, so_far))
        self.samples.append(("_sum", labels, total))
        self.samples.append(("_count", labels, so_far))


def text(families: Iterable[Family]) -> str:
    """The families that have samples, as a scrape takes them."""
    lines: list[str] = []
    for family in families:
        if not family.samples:
            continue
        lines.append(f"# HELP {family.name} {_help(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for suffix, labels, value in family.samples:
            lines.append(f"{family.name}{suffix}{_labels(labels)} {_number(value)}")
    return "\n".join(lines) + "\n" if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    shown = ",".join(f'{name}="{_value(value)}"' for name, value in labels.items())
    return f"{{{shown}}}" if shown else ""


def _value(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _help(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) and abs(value) < 1 << 53 else repr(float(value))
