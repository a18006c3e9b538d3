"""A slice of the generated queries on both engines; all of them: `make parity`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from generator.campaign import run
from generator.queries import query
from report import FOUND

from tidemill.runners.flink import Gateway

SEED = int(os.environ.get("TIDEMILL_GENERATED_SEED", "11"))
COUNT = int(os.environ.get("TIDEMILL_GENERATED", "25"))


@pytest.mark.servers
@pytest.mark.timeout(300 + 3 * COUNT)
def test_generated_queries_agree(flink: Gateway, tmp_path: Path) -> None:
    outcome = run(flink, range(COUNT), SEED, tmp_path, say=print)
    FOUND.generated = {"queries": COUNT, "seed": SEED, **outcome.as_dict()}
    FOUND.version = flink.version()
    assert [(one.sql(), wrong) for one, wrong in outcome.differing] == []
    assert outcome.with_rows >= COUNT // 2, outcome.as_dict()


def test_a_query_is_the_same_every_time() -> None:
    assert [query(3, n).sql() for n in range(5)] == [query(3, n).sql() for n in range(5)]
    assert query(3, 1).sql() != query(4, 1).sql()
