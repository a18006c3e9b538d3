"""The public test kit: laws that every source, sink and format must keep, and means to test a job.

A test class inherits from `SourceContract`, `SinkContract` or `FormatContract`, gives what the
class asks for, and pytest runs the inherited tests.

`fixtures` gives the event-time tests of a project (`tidemill test`) as tests of pytest.
`ManualClock` stands still until a test moves it, so that idleness is decided and not waited for.
`crash_points` names the places of an epoch at which an engine may die: `crash_points.POINTS` lists
them, `crash_points.install(handler)` calls the handler at each (it raises where the engine is to
die; `install(None)` at the end), and `TIDEMILL_CRASH_AT=<point>:<nth>` kills a whole process.
`simulation` runs the engine in a world that a seed makes; it is imported apart.
"""

from tidemill.engine import ManualClock, crash_points
from tidemill.testing.fixtures import FixtureTest, fixtures
from tidemill.testing.format_contract import FormatContract, check_accounting
from tidemill.testing.sink_contract import SinkContract
from tidemill.testing.source_contract import SourceContract, UntilCaughtUp, drain

__all__ = [
    "FixtureTest",
    "FormatContract",
    "ManualClock",
    "SinkContract",
    "SourceContract",
    "UntilCaughtUp",
    "check_accounting",
    "crash_points",
    "drain",
    "fixtures",
]
