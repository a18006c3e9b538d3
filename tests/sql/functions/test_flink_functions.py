"""Every function of Flink 2.3's reference is proven by the parity corpus, or refused by name.

`flink_functions.json` is Flink's list (SHOW FUNCTIONS and the operators of its reference), by the
sections of the reference, under the names that Tidemill has for operators.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tidemill.sql.functions import AGGREGATES, ALIASES, SCALARS
from tidemill.sql.functions.refused import REFUSED

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
from proofs import parity_counts

_FLINK = json.loads((Path(__file__).parent / "flink_functions.json").read_text(encoding="utf-8"))
NAMES = [name for section in _FLINK.values() for name in section]


@pytest.fixture(scope="module")
def proofs() -> Mapping[str, int]:
    return parity_counts()


def _missing(names: list[str], proofs: Mapping[str, int]) -> list[str]:
    return [n for n in names if n not in REFUSED and not proofs.get(ALIASES.get(n, n))]


def test_every_function_is_proven_or_refused(proofs: Mapping[str, int]) -> None:
    assert _missing(NAMES, proofs) == []


def test_nothing_is_both_declared_and_refused() -> None:
    assert REFUSED.keys() & (SCALARS.keys() | AGGREGATES.keys() | ALIASES.keys()) <= {"JSON"}


def test_a_function_that_is_neither_is_found(proofs: Mapping[str, int]) -> None:
    assert _missing(["UPPER", "BITMAP_AND", "NO_SUCH_FUNCTION"], proofs) == ["NO_SUCH_FUNCTION"]
