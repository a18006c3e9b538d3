"""Expectations on rows and tables, under Great Expectations' names.

A suite (`checks/<name>.yaml`) says what must hold and what happens where it does not. `kinds/` has
one file per kind of expectation; the same conditions run inside a stream (`stream`), and on a table
or file (`measure`), always on DuckDB, so that verdicts never hang on where the rows are.
"""

from tidemill.quality.measure import measure
from tidemill.quality.model import Expectation, Suite, Target
from tidemill.quality.result import ExpectationResult, SuiteResult
from tidemill.quality.suites import read_suite, suite_files

__all__ = [
    "Expectation",
    "ExpectationResult",
    "Suite",
    "SuiteResult",
    "Target",
    "measure",
    "read_suite",
    "suite_files",
]
