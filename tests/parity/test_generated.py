"""A slice of the generated queries on both engines, and what the generator covers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from corpus import cases
from generator.campaign import arena, run
from generator.coverage import ELSEWHERE, operators
from generator.outcomes import added
from generator.postgres import looked_up
from generator.queries import query

from tidemill.errors import TidemillError
from tidemill.interfaces.service import Endpoint
from tidemill.model import TypeRoot
from tidemill.plan.operators import PLANNERS
from tidemill.runners.flink import Gateway

SEED = int(os.environ.get("TIDEMILL_GENERATED_SEED", "11"))
COUNT = int(os.environ.get("TIDEMILL_GENERATED", "20"))


@pytest.mark.servers
@pytest.mark.timeout(300 + 3 * COUNT)
def test_generated_queries_agree(
    flink: Gateway, postgres_endpoint: Endpoint, tmp_path: Path
) -> None:
    with looked_up(postgres_endpoint) as options:
        outcome = run(flink, range(COUNT), SEED, tmp_path, print, options)
    assert [(one.sql(), wrong) for one, wrong in outcome.differing] == []
    assert outcome.with_rows >= COUNT // 2, outcome.as_dict()


def test_a_query_is_the_same_every_time() -> None:
    assert [query(3, n).sql() for n in range(5)] == [query(3, n).sql() for n in range(5)]
    assert query(3, 1).sql() != query(4, 1).sql()


def test_every_operator_and_type_has_queries(tmp_path: Path) -> None:
    wanted = {f"operator:{kind.__name__}" for kind in PLANNERS}
    wanted -= {f"operator:{name}" for name in ELSEWHERE}
    wanted |= {f"type:{root.value}" for root in TypeRoot if root is not TypeRoot.NULL}
    there = arena(Gateway("http://localhost:1"), tmp_path, SEED, 0, None)
    number = 0
    while wanted and number < 600:
        one = query(SEED, number)
        number += 1
        names = {_root(name) for name in one.used()}
        if not names & wanted and not any(name.startswith("operator:") for name in wanted):
            continue
        try:
            names |= operators(there.compiled(one))
        except TidemillError:
            continue
        wanted -= names
    assert wanted == set(), f"no generated query of {number} has these"


def test_what_is_covered_elsewhere_has_cases() -> None:
    topics = {case.path.parent.name for case in cases()}
    assert set(ELSEWHERE.values()) <= topics
    assert set(ELSEWHERE) <= {kind.__name__ for kind in PLANNERS}


def test_outcomes_of_runs_add_up() -> None:
    counts = {"queries": 5, "agreed": 4, "agreed_with_rows": 3, "seconds": 2}
    one = counts | {"refused": {"a": 1}, "covered": {"type:INT": 2}}
    one |= {"broken_on_flink": [], "differing": [[1, "why"]]}
    twice = added(added({}, 1, one), 2, one)
    assert twice["seeds"] == [1, 2]
    assert (twice["queries"], twice["covered"], len(twice["differing"])) == (10, {"type:INT": 4}, 2)


def _root(name: str) -> str:
    """`type:DECIMAL(10, 2)` as `type:DECIMAL`."""
    kind = name.removeprefix("type:").split("(")[0].split("<")[0]
    other = {"STRING": "VARCHAR", "BYTES": "VARBINARY"}
    return f"type:{other.get(kind, kind)}" if name.startswith("type:") else name
