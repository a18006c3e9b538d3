"""The room `engine`: the embedded runner.

`engine.py` is the outside; `session.py` is one life between two failures: readers, the compute
loop, writers (`group_workers.py`); `graph.py` is the plan at run time; `epochs.py`,
`checkpoint.py` and `recovery.py` make output exactly-once (docs/decisions/0001-epoch-decider.md).
`stepping.py` runs it by hand for tests; `observe.py` says where event time stands, for the
watermark doctor.
"""

from tidemill.engine.clock import Clock, ManualClock, SystemClock
from tidemill.engine.engine import Engine, Until
from tidemill.engine.groups import GroupSpec
from tidemill.engine.progress import Progress
from tidemill.engine.settings import EngineSettings
from tidemill.engine.stepping import Stepper

__all__ = [
    "Clock",
    "Engine",
    "EngineSettings",
    "GroupSpec",
    "ManualClock",
    "Progress",
    "Stepper",
    "SystemClock",
    "Until",
]
