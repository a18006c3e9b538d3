"""The order of tests over several workers: those that take a minute or more come first.

pytest-xdist gives each worker a part of the list, and a worker that is done takes from the ends of
the others' parts. A long test at the end of one would leave two workers without work. Files stay
whole, as their tests share servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice

import pytest

LONG = (
    "tests/pipelines/test_reconcile_sinks.py",
    "tests/examples/test_shop_sessions.py",
    "tests/examples/test_nyc_taxi_demo.py",
    "tests/console/test_browser.py",
    "tests/examples/test_diabetes_demo.py",
    "tests/examples/test_clickstream_iot.py",
    "tests/runners/spark/test_spark_runs.py",
    "tests/chaos/test_chaos.py",
    "tests/chaos/test_capture.py",
)


def spread(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The tests of `LONG` at the begin of as many equal parts as there are workers."""
    long = [[item for item in items if item.nodeid.startswith(file)] for file in LONG]
    heads: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, file in enumerate(long):
        heads[number % workers] += file
    taken = set(chain.from_iterable(heads))
    rest = iter([item for item in items if item not in taken])
    parts: list[pytest.Item] = []
    for number, head in enumerate(heads):
        size = len(items) * (number + 1) // workers - len(parts)
        parts += head
        parts += islice(rest, max(0, size - len(head)))
    return [*parts, *rest]
