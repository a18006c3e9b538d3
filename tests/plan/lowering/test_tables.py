"""Every declared function has a lowering, and every lowering a declaration."""

from __future__ import annotations

import pytest

from tidemill.errors import SqlError
from tidemill.model.types import STRING
from tidemill.plan.lowering import LOWERINGS, aggregate_plan
from tidemill.plan.lowering.aggregates import PLANS
from tidemill.plan.lowering.row_aggregates import ROW_AGGREGATES
from tidemill.sql.expressions import AggregateCall, InputRef
from tidemill.sql.functions import AGGREGATES, ALIASES, SCALARS


def test_scalars_and_lowerings_are_the_same_set() -> None:
    assert set(SCALARS) == set(LOWERINGS)


def test_names_are_canonical() -> None:
    assert all(name == function.name == name.upper() for name, function in SCALARS.items())
    assert all(name == function.name == name.upper() for name, function in AGGREGATES.items())
    assert set(ALIASES.values()) <= set(SCALARS) | set(AGGREGATES)


def test_every_declared_aggregate_can_be_computed() -> None:
    assert set(PLANS) | ROW_AGGREGATES == set(AGGREGATES)


def test_an_aggregate_without_partials_is_refused_by_name() -> None:
    value = InputRef(0, "v", STRING)
    call = AggregateCall("APPROX_COUNT_DISTINCT", (value,), STRING)
    with pytest.raises(SqlError, match="APPROX_COUNT_DISTINCT") as refused:
        aggregate_plan(call, 0, ["v"], None)
    assert refused.value.code == "plan.unsupported-aggregate"
