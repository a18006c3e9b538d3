"""The room `plan`: logical plan to stages.

`build_plan` makes the physical plan (`physical.py` says what it is), `explain` shows it, `lint`
warns about it. `lowering` turns expressions into DuckDB's.
"""

from tidemill.plan.build import build_plan
from tidemill.plan.explain import ExplainTree, explain
from tidemill.plan.lint import Warning, lint
from tidemill.plan.physical import PhysicalPlan

__all__ = ["ExplainTree", "PhysicalPlan", "Warning", "build_plan", "explain", "lint"]
